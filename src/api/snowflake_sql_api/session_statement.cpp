// Statements of the session language: SELECT CURRENT_USER() … are answered here; what would change the session is
// refused, for it ends with the request.
#include <cstring>
#include <utility>
#include <variant>

#include "api/snowflake/session_statements.hpp"
#include "api/snowflake_sql_api/answers.hpp"
#include "api/snowflake_sql_api/door.hpp"
#include "api/snowflake_sql_api/result_set.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

// Why the statement makes no sense in a request of its own, or nothing if it does.
const char* refused_feature(const snowflake::SessionStatement& statement) {
  if (std::holds_alternative<snowflake::Use>(statement)) return "USE in a request of its own";
  if (std::holds_alternative<snowflake::AlterSession>(statement)) return "ALTER SESSION in a request of its own";
  if (std::holds_alternative<snowflake::BeginTransaction>(statement) ||
      std::holds_alternative<snowflake::EndNoTransaction>(statement)) {
    return "transactions of several requests";
  }
  return nullptr;
}

// A number for CURRENT_SESSION(): nobody else has it.
std::uint64_t session_number(QueryId id) {
  std::uint64_t number = 0;
  std::memcpy(&number, id.bytes.data() + 8, sizeof number);
  return number >> 11;  // What a double holds exactly.
}

}  // namespace

async::Task<http::Response> Door::in_session(Asker asker, snowflake::SessionStatement statement, StatementAsked asked) {
  if (const char* feature = refused_feature(statement)) {
    co_return refuse(snowflake::unsupported(feature));
  }
  const QueryId id = make_query_id(clock_.now());
  rows::Batch batch;
  if (const auto* cancel = std::get_if<snowflake::CancelQuery>(&statement)) {
    auto said = co_await snowflake::cancel_by_sql(service_, asker, cancel->id);
    if (!said) co_return refuse(said.error(), id);
    batch = snowflake::one_text(cancel->column, *said);
  } else {
    const snowflake::SessionFacts facts{.id = session_number(id), .user = asker.name, .last_query_ids = {}};
    auto answered = snowflake::answer(statement, asked.state, facts);
    if (!answered) co_return refuse(answered.error(), id);
    batch = *std::move(answered);
  }

  const ResultSetAsked wanted{.id = id,
                              .form = asked.form,
                              .type = snowflake::StatementType::select,
                              .created_on = clock_.now(),
                              .request_id = std::move(asked.request_id)};
  auto body = small_result_set(batch, wanted);
  if (!body) co_return refuse(snowflake::from_error(body.error()), id);
  session_answers_.put(id, asker.name, *body);
  if (asked.asynchronous) {
    journal::Entry entry;  // None that is recorded: what the answer says of it.
    entry.id = id;
    entry.submitted_at = wanted.created_on;
    co_return in_progress(entry);
  }
  co_return first_rows(id, *std::move(body), 1);
}

}  // namespace coatcheck::api::snowflake_sql_api
