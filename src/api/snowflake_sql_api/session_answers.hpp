#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/query_id.hpp"
#include "principals/principal.hpp"

namespace coatcheck::api::snowflake_sql_api {

// The last answers to statements of the session language (SELECT CURRENT_USER() …), which are no queries and so are in
// no journal: a client that has asked asynchronously comes back for its answer by the handle. Not kept across a
// restart. Loop thread.
class SessionAnswers {
 public:
  explicit SessionAnswers(std::size_t count_max) : count_max_(count_max) {}

  // Keeps the body of an answer, and forgets the oldest if there are too many.
  void put(QueryId id, std::string principal, std::string body);

  // Returns the body if the asker may see it.
  std::optional<std::string> find(QueryId id, const principals::Principal& asker) const;

 private:
  struct Answer {
    std::string principal;
    std::string body;
  };
  std::size_t count_max_;
  std::unordered_map<QueryId, Answer> answers_;
  std::deque<QueryId> order_;  // Oldest first.
};

}  // namespace coatcheck::api::snowflake_sql_api
