// What a statement of the session language does and answers: USE, ALTER SESSION, SHOW PARAMETERS, SELECT CURRENT_USER()
// ….
#include <utility>
#include <variant>

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
  if (snowflake::changes_state(statement)) {
    snowflake::Sessions::Edit edit = [&statement](snowflake::SessionState& state) {
      return snowflake::change_state(statement, state);
    };
    auto changed = co_await sessions_.change(session, std::move(edit));
    if (!changed) co_return query_failed(changed.error(), std::nullopt);
  }

  snowflake::SessionFacts facts{.id = session->id(), .user = session->principal().name, .last_query_ids = {}};
  if (const auto* select = std::get_if<snowflake::SelectCurrent>(&statement)) {
    for (const auto& item : select->items) {
      if (item.function != "LAST_QUERY_ID") continue;
      auto id = co_await sessions_.last_query(session, item.argument);
      if (!id) co_return query_failed(id.error(), std::nullopt);
      if (*id) facts.last_query_ids[item.argument] = (*id)->to_string();
    }
  }

  rows::Batch batch;
  if (const auto* cancel = std::get_if<snowflake::CancelQuery>(&statement)) {
    auto said = co_await cancel_by_sql(session, cancel->id);
    if (!said) co_return query_failed(said.error(), std::nullopt);
    batch = snowflake::one_text(cancel->column, *said);
  } else {
    auto answered = snowflake::answer(statement, session->state(), facts);
    if (!answered) co_return query_failed(answered.error(), std::nullopt);
    batch = *std::move(answered);
  }

  const snowflake::SessionState& state = session->state();
  wanted.names = {.database = state.database, .schema = state.schema, .warehouse = state.warehouse, .role = state.role};
  wanted.session_settings = state.parameters;
  wanted.type = type_of(statement);
  wanted.id = make_query_id(clock_.now());
  auto data = small_result_set(batch, wanted);
  if (!data) co_return trouble(snowflake::from_error(data.error()));
  co_return success(*data);
}

async::Task<Result<std::string, snowflake::SnowflakeError>> Door::cancel_by_sql(SessionPtr session,
                                                                                std::string id_text) {
  const auto id = QueryId::parse(id_text);
  if (!id) co_return snowflake::no_such_statement(id_text);
  auto found = co_await service_.status(session->principal(), *id);
  if (!found && found.error().code == Errc::not_found) co_return snowflake::no_such_statement(id_text);
  if (!found) co_return snowflake::from_error(found.error());
  if (journal::is_final(found->entry->state))
    co_return std::string("Identified SQL statement is not currently executing.");
  auto canceled = co_await service_.cancel(session->principal(), *id);
  if (!canceled) co_return snowflake::from_error(canceled.error());
  co_return "query [" + id_text + "] terminated.";
}

}  // namespace coatcheck::api::snowflake_driver
