#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

#include "base/query_id.hpp"

namespace coatcheck::api::snowflake_sql_api {

// The last answers with the first rows of finished queries, if they are small: clients poll until the answer comes,
// and some go on asking for it. Whoever asks must be let in, and the result must still be there, before an answer is
// taken from here. Loop thread.
class FirstAnswers {
 public:
  struct Answer {
    std::string body;
    std::size_t partitions = 1;  // Of the whole result.
  };

  explicit FirstAnswers(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Keeps the answer, and forgets the oldest while they are too large together. One that is larger than a hundredth of
  // all is not kept.
  void put(QueryId id, Answer answer);

  // Returns the answer, valid until the next put(), or null.
  const Answer* find(QueryId id) const;

 private:
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::unordered_map<QueryId, Answer> answers_;
  std::deque<QueryId> order_;  // Oldest first.
};

}  // namespace coatcheck::api::snowflake_sql_api
