// What a statement of the session language does and answers: USE, ALTER SESSION, SHOW PARAMETERS, SELECT CURRENT_USER()
// ….
#include <utility>
#include <variant>

#include "api/snowflake/session_statements.hpp"
#include "api/snowflake_driver/door.hpp"

namespace coatcheck::api::snowflake_driver {

namespace {

using snowflake::StatementType;

StatementType type_of(const snowflake::SessionStatement& statement) {
  if (std::holds_alternative<snowflake::Use>(statement)) return StatementType::use;
  if (std::holds_alternative<snowflake::AlterSession>(statement)) return StatementType::alter_session;
  if (std::holds_alternative<snowflake::ShowParameters>(statement)) return StatementType::show;
  if (std::holds_alternative<snowflake::EndNoTransaction>(statement)) return StatementType::transaction;
  return StatementType::select;
}

}  // namespace

async::Task<http::Response> Door::in_session(SessionPtr session, snowflake::SessionStatement statement,
                                             ResultSetAsked wanted) {
  const StatementType type = type_of(statement);
  auto answered = co_await snowflake::run_in_session(service_, sessions_, session, std::move(statement));
  if (!answered) co_return query_failed(answered.error(), std::nullopt);

  const snowflake::SessionState& state = session->state();
  wanted.names = {.database = state.database, .schema = state.schema, .warehouse = state.warehouse, .role = state.role};
  wanted.session_settings = state.parameters;
  wanted.type = type;
  co_return rows_in_memory(*answered, std::move(wanted));
}

}  // namespace coatcheck::api::snowflake_driver
