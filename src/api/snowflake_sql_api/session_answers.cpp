#include "api/snowflake_sql_api/session_answers.hpp"

#include <utility>

namespace coatcheck::api::snowflake_sql_api {

void SessionAnswers::put(QueryId id, std::string principal, std::string body) {
  answers_.insert_or_assign(id, Answer{.principal = std::move(principal), .body = std::move(body)});
  order_.push_back(id);
  if (order_.size() <= count_max_) return;
  answers_.erase(order_.front());
  order_.pop_front();
}

std::optional<std::string> SessionAnswers::find(QueryId id, const principals::Principal& asker) const {
  const auto found = answers_.find(id);
  if (found == answers_.end()) return std::nullopt;
  if (asker.role != principals::Role::admin && asker.name != found->second.principal) return std::nullopt;
  return found->second.body;
}

}  // namespace coatcheck::api::snowflake_sql_api
