// What a statement of the session language does and answers: USE, ALTER SESSION, SHOW PARAMETERS, SELECT CURRENT_USER()
// ….
#include <arrow/record_batch.h>

#include <utility>

#include "api/snowflake/session_statements.hpp"
#include "api/snowflake_driver/door.hpp"

namespace coatcheck::api::snowflake_driver {

async::Task<http::Response> Door::in_session(SessionPtr session, snowflake::SessionStatement statement,
                                             ResultSetAsked wanted) {
  auto answered = co_await snowflake::run_in_session(service_, sessions_, session, std::move(statement));
  if (!answered) co_return query_failed(answered.error(), std::nullopt);

  const snowflake::SessionState& state = session->state();
  wanted.names = {.database = state.database, .schema = state.schema, .warehouse = state.warehouse, .role = state.role};
  wanted.session_settings = state.parameters;
  co_return rows_in_memory(*answered, std::move(wanted));
}

http::Response Door::describe_in_session(const snowflake::Session& session,
                                         const snowflake::SessionStatement& statement, ResultSetAsked wanted) const {
  const snowflake::SessionFacts facts{.id = session.id(), .user = session.principal().name, .last_query_ids = {}};
  const auto rows = snowflake::answer(statement, session.state(), facts);
  if (!rows) return query_failed(rows.error(), std::nullopt);
  return rows_in_memory((*rows)->Slice(0, 0), std::move(wanted));
}

}  // namespace coatcheck::api::snowflake_driver
