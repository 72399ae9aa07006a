// GET /queries/{id}/result: the result, held until it is there; and how every answer with a result is made.
#include <algorithm>
#include <utility>

#include "api/snowflake_driver/door.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::api::snowflake_driver {

async::Task<http::Response> Door::result(SessionPtr session, http::Request request) {
  const auto id = QueryId::parse(request.captures[0]);
  if (!id) co_return query_failed(snowflake::no_such_statement(request.captures[0]), std::nullopt);
  ResultSetAsked wanted = wanted_by(*session, request, session->state().parameters);
  wanted.id = *id;
  std::string origin = origin_of(request);
  const Deadline deadline = std::chrono::steady_clock::now() + limits_.hold_max;
  co_return co_await held(std::move(session), std::move(wanted), std::move(origin), Pending::asynchronous, deadline);
}

async::Task<http::Response> Door::held(SessionPtr session, ResultSetAsked wanted, std::string origin, Pending not_yet,
                                       Deadline deadline) {
  auto waited = co_await service_.wait_until_ended(session->principal(), wanted.id, deadline);
  if (!waited && waited.error().code == Errc::resource_exhausted) {
    // Its principal has as many waiting as it may. The statement was accepted, so there is no failure to tell; a short
    // wait that takes no place keeps the driver from asking all the time.
    const Deadline soon = std::min(deadline, std::chrono::steady_clock::now() + std::chrono::seconds(1));
    waited = co_await service_.wait_until_ended(session->principal(), wanted.id, soon, query::Service::Counted::no);
  }
  if (!waited) {
    if (waited.error().code == Errc::not_found)
      co_return query_failed(snowflake::no_such_statement(wanted.id.to_string()), wanted.id);
    co_return trouble(snowflake::from_error(waited.error()));
  }
  if (!journal::is_final(waited->entry->state)) co_return pending(wanted.id, not_yet);
  co_return co_await ended(std::move(session), std::move(wanted), std::move(origin), not_yet);
}

async::Task<http::Response> Door::ended(SessionPtr session, ResultSetAsked wanted, std::string origin,
                                        Pending not_yet) {
  auto claim = co_await service_.claim(session->principal(), wanted.id);
  if (!claim) co_return trouble(snowflake::from_error(claim.error()));
  const journal::Entry& entry = *claim->snapshot.entry;
  if (entry.failure) {
    const std::string id = wanted.id.to_string();
    co_return query_failed(
        wanted.is_scan ? snowflake::no_result_of_failed(id) : snowflake::from_failure(*entry.failure), wanted.id);
  }
  // Its warehouse still has it, and could not hand it over in time: the driver asks again.
  const bool is_under_way = !claim->reader && claim->reader.error().code == Errc::unavailable;
  if (is_under_way && entry.result && entry.result->kept_by_warehouse) co_return pending(wanted.id, not_yet);
  if (!claim->reader) {
    // What its warehouse still has, and cannot be taken over, has not expired: the words say why.
    const bool is_there =
        entry.result && entry.result->kept_by_warehouse && entry.result_gone == journal::ResultGone::no;
    const bool has_expired = claim->reader.error().code == Errc::gone && !is_there;
    co_return query_failed(
        has_expired ? snowflake::result_expired(wanted.id.to_string()) : snowflake::from_error(claim->reader.error()),
        wanted.id);
  }
  // What was asked is the statement whose result this is; scanned again, its rows are rows.
  wanted.type =
      wanted.is_scan ? snowflake::StatementType::select : snowflake::statement_type(entry.submission.statement.text);
  const ChunkAddresses addresses(sessions_.signer(), std::move(origin), clock_.now());
  const bool is_script = !wanted.is_scan && entry.submission.form == journal::Form::script;
  if (is_script) wanted.type = snowflake::StatementType::multiple;
  auto make = [reader = *claim->reader, &wanted, &addresses, is_script] {
    return is_script ? script_result_set(*reader, wanted) : result_set(*reader, wanted, addresses);
  };
  auto data = co_await encoding_.run(std::move(make));
  if (!data) {
    telemetry::error("result_not_encoded", {{"query_id", wanted.id.to_string()}, {"error", data.error().message}});
    co_return query_failed(snowflake::from_error(data.error()), wanted.id);
  }
  registry_.counter("coatcheck_claims_total", "Results claimed, by format.", {{"format", "snowflake"}}).Increment();
  co_return success(*data);
}

}  // namespace coatcheck::api::snowflake_driver
