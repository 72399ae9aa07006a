#include "api/snowflake/session_statements.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "scan/recognizer.hpp"

namespace coatcheck::api::snowflake {

async::Task<Result<rows::Batch, SnowflakeError>> run_in_session(query::Service& service, Sessions& sessions,
                                                                std::shared_ptr<Session> session,
                                                                SessionStatement statement) {
  if (const auto* cancel = std::get_if<CancelQuery>(&statement)) {
    auto said = co_await cancel_by_sql(service, session->principal(), cancel->id);
    if (!said) co_return std::move(said).error();
    co_return one_text(cancel->column, *said);
  }
  if (changes_state(statement)) {
    Sessions::Edit edit = [&statement](SessionState& state) { return change_state(statement, state); };
    auto changed = co_await sessions.change(session, std::move(edit));
    if (!changed) co_return std::move(changed).error();
  }
  SessionFacts facts{.id = session->id(), .user = session->principal().name, .last_query_ids = {}};
  if (const auto* select = std::get_if<SelectCurrent>(&statement)) {
    for (const auto& item : select->items) {
      if (item.function != "LAST_QUERY_ID") continue;
      auto id = co_await sessions.last_query(session, item.argument);
      if (!id) co_return std::move(id).error();
      if (*id) facts.last_query_ids[item.argument] = (*id)->to_string();
    }
  }
  co_return answer(statement, session->state(), facts);
}

async::Task<Result<std::string, SnowflakeError>> cancel_by_sql(query::Service& service, principals::Principal asker,
                                                               std::string id_text) {
  const auto id = QueryId::parse(id_text);
  if (!id) co_return no_such_statement(id_text);
  auto found = co_await service.status(asker, *id);
  if (!found && found.error().code == Errc::not_found) co_return no_such_statement(id_text);
  if (!found) co_return from_error(found.error());
  if (journal::is_final(found->entry->state)) co_return not_executing().message;
  auto canceled = co_await service.cancel(std::move(asker), *id);
  if (!canceled) co_return from_error(canceled.error());
  co_return "query [" + id_text + "] terminated.";
}

async::Task<Result<std::string, SnowflakeError>> with_literal_ids(Sessions& sessions, std::shared_ptr<Session> session,
                                                                  std::string text) {
  if (!scan::reads_stored(text)) co_return text;
  // Which places it names is known by trying: each round looks up the one that was missing.
  std::map<std::int64_t, std::optional<QueryId>> known;
  for (;;) {
    std::optional<std::int64_t> missing;
    auto named = scan::name_session_queries(text, [&](std::int64_t place) -> std::optional<QueryId> {
      if (const auto at = known.find(place); at != known.end()) return at->second;
      missing = place;
      return std::nullopt;
    });
    if (named) co_return *std::move(named);
    if (!missing) co_return from_failure(named.error());
    auto id = co_await sessions.last_query(session, *missing);
    if (!id) co_return std::move(id).error();
    known[*missing] = *id;
  }
}

}  // namespace coatcheck::api::snowflake
