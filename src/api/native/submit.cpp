// POST /v1/queries: hand over a query, get its id at once; or wait a while and get the first rows with it.
#include <utility>

#include "api/native/door.hpp"
#include "api/native/json_response.hpp"
#include "api/native/problems.hpp"
#include "api/native/query_json.hpp"
#include "api/native/quota_fields.hpp"
#include "api/native/submit_body.hpp"
#include "api/native/url_parameters.hpp"

namespace coatcheck::api::native {

namespace {

constexpr std::initializer_list<query::Limit> submit_quotas = {query::Limit::queued, query::Limit::stored};

}  // namespace

async::Task<http::Response> Door::submit(Asker asker, http::Request request) {
  const Deadline arrived = std::chrono::steady_clock::now();
  if (auto none = no_parameters(request); !none) co_return problem(none.error());
  auto asked = read_submit_body(request, limits_);
  if (!asked) {
    if (asked.error().field == "Content-Type") {
      co_return http::to_response(
          {.status = 415, .title = "Unsupported media type", .detail = asked.error().message, .field = "Content-Type"});
    }
    co_return problem(asked.error());
  }

  auto submitted = co_await service_.submit(asker, std::move(asked->submission));
  if (!submitted && submitted.error().code == Errc::conflict) {
    co_return http::to_response({.status = 422,
                                 .title = "Idempotency key reused",
                                 .detail = submitted.error().message,
                                 .field = submitted.error().field});
  }
  if (!submitted) co_return with_quotas(problem(submitted.error()), service_, asker, submit_quotas);

  // From here on the query is on disk and goes its way, whether or not this client stays.
  const QueryId id = submitted->snapshot.entry->id;
  query::Snapshot snapshot = std::move(submitted->snapshot);
  if (asked->wait.count() > 0) {
    auto waited = co_await service_.wait_until_ended(asker, id, arrived + asked->wait);
    // Too many may be waiting; the query is accepted all the same, and that is what the client must hear.
    if (waited) snapshot = *std::move(waited);
    const bool time_is_over = std::chrono::steady_clock::now() >= arrived + asked->wait;
    if (asked->cancel_on_wait_timeout && time_is_over && !journal::is_final(snapshot.entry->state)) {
      auto canceled = co_await service_.cancel(asker, id);
      if (canceled) snapshot = *std::move(canceled);
    }
  }

  const bool replayed = submitted->replayed;
  const bool ended = journal::is_final(snapshot.entry->state);
  http::Response response;
  if (ended) {
    response = co_await ended_in_time(std::move(snapshot));
  } else {
    std::string body = query_json(snapshot);
    response = json_response(202, std::move(body), {{"ETag", version_tag(*snapshot.entry)}, {"Retry-After", "1"}});
  }
  response.fields.push_back({"Location", "/v1/queries/" + id.to_string()});
  if (replayed) response.fields.push_back({"Idempotency-Replayed", "true"});
  co_return with_quotas(std::move(response), service_, asker, submit_quotas);
}

}  // namespace coatcheck::api::native
