// POST /api/v2/statements/{handle}/cancel.
#include <utility>

#include "api/snowflake_sql_api/answers.hpp"
#include "api/snowflake_sql_api/door.hpp"

namespace coatcheck::api::snowflake_sql_api {

async::Task<http::Response> Door::cancel(Asker asker, http::Request request) {
  const std::string& handle = request.captures[0];
  const auto id = QueryId::parse(handle);
  if (!id) co_return refuse(snowflake::no_such_statement(handle.substr(0, 64)));
  auto found = co_await service_.status(asker, *id);
  if (!found) {
    const bool is_unknown = found.error().code == Errc::not_found;
    co_return refuse(is_unknown ? snowflake::no_such_statement(handle) : snowflake::from_error(found.error()), *id);
  }
  if (journal::is_final(found->entry->state)) co_return refuse(snowflake::not_executing(), *id);
  auto stopped = co_await service_.cancel(std::move(asker), *id);
  if (!stopped) co_return refuse(snowflake::from_error(stopped.error()), *id);
  co_return canceled(*id);
}

}  // namespace coatcheck::api::snowflake_sql_api
