// GET /v1/queries/{id}: how far a query has come; with `wait`, as soon as that changes.
#include <utility>

#include "api/native/door.hpp"
#include "api/native/json_response.hpp"
#include "api/native/problems.hpp"
#include "api/native/query_json.hpp"
#include "api/native/quota_fields.hpp"
#include "api/native/url_parameters.hpp"
#include "http/etag.hpp"

namespace coatcheck::api::native {

namespace {

http::Response told(const query::Snapshot& snapshot, std::string_view known) {
  const std::string tag = version_tag(*snapshot.entry);
  if (!known.empty() && http::if_none_match_holds(known, tag)) {
    http::Response not_modified;
    not_modified.status = 304;
    not_modified.fields = {{"ETag", tag}, {"Cache-Control", "no-store"}};
    return not_modified;
  }
  std::vector<http::Field> fields = {{"ETag", tag}};
  if (!journal::is_final(snapshot.entry->state)) fields.push_back({"Retry-After", "1"});
  return json_response(200, query_json(snapshot), std::move(fields));
}

}  // namespace

// Thousands may wait here at once, so nothing is kept meanwhile that is not needed then.
async::Task<http::Response> Door::status(Asker asker, http::Request request) {
  const Deadline arrived = std::chrono::steady_clock::now();
  auto id = id_of(request);
  if (!id) return answered(problem(id.error()));
  auto parameters = UrlParameters::read(request, {"wait"});
  if (!parameters) return answered(problem(parameters.error()));
  auto wait = parameters->duration("wait", limits_.wait_max);
  if (!wait) return answered(problem(wait.error()));
  std::string known = request.field("If-None-Match");
  if (!*wait) return status_now(std::move(asker), *id, std::move(known));
  return status_in_time(std::move(asker), *id, std::move(known), arrived + **wait);
}

async::Task<http::Response> Door::status_now(Asker asker, QueryId id, std::string known) {
  auto found = co_await service_.status(std::move(asker), id);
  if (!found) co_return problem(found.error());
  co_return told(*found, known);
}

async::Task<http::Response> Door::status_in_time(Asker asker, QueryId id, std::string known, Deadline deadline) {
  const std::optional<std::uint64_t> version = co_await version_to_pass(asker, id, known);
  if (version) {
    auto waited = co_await service_.wait_for_news(asker, id, *version, deadline);
    if (!waited) co_return refused_wait(asker, waited.error());
  }
  co_return co_await status_with_quotas(std::move(asker), id, std::move(known));
}

http::Response Door::refused_wait(const Asker& asker, const Error& error) {
  return with_quotas(problem(error), service_, asker, {query::Limit::waiting});
}

async::Task<http::Response> Door::status_with_quotas(Asker asker, QueryId id, std::string known) {
  auto response = co_await status_now(asker, id, std::move(known));
  if (response.status != 200) co_return response;
  co_return with_quotas(std::move(response), service_, asker, {query::Limit::waiting});
}

// Without If-None-Match the client knows what it is told now, and waits for what comes after. With it, a version that
// the client does not have yet is news already. An error is news too, which status_now() tells.
async::Task<std::optional<std::uint64_t>> Door::version_to_pass(Asker asker, QueryId id, std::string known) {
  auto found = co_await service_.status(std::move(asker), id);
  const bool has_news = !found || (!known.empty() && !http::if_none_match_holds(known, version_tag(*found->entry)));
  if (has_news) co_return std::nullopt;
  co_return found->entry->version;
}

}  // namespace coatcheck::api::native
