#include "api/snowflake_sql_api/first_answers.hpp"

#include <utility>

namespace coatcheck::api::snowflake_sql_api {

void FirstAnswers::put(QueryId id, Answer answer) {
  const std::size_t bytes = answer.body.size();
  if (bytes > bytes_max_ / 100 || answers_.contains(id)) return;
  answers_.emplace(id, std::move(answer));
  order_.push_back(id);
  bytes_ += bytes;
  while (bytes_ > bytes_max_) {
    const auto oldest = answers_.find(order_.front());
    bytes_ -= oldest->second.body.size();
    answers_.erase(oldest);
    order_.pop_front();
  }
}

const FirstAnswers::Answer* FirstAnswers::find(QueryId id) const {
  const auto found = answers_.find(id);
  return found == answers_.end() ? nullptr : &found->second;
}

}  // namespace coatcheck::api::snowflake_sql_api
