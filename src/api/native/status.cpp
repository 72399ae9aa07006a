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

async::Task<http::Response> Door::status(Asker asker, http::Request request) {
  const Deadline arrived = std::chrono::steady_clock::now();
  auto id = id_of(request);
  if (!id) co_return problem(id.error());
  auto parameters = UrlParameters::read(request, {"wait"});
  if (!parameters) co_return problem(parameters.error());
  auto wait = parameters->duration("wait", limits_.wait_max);
  if (!wait) co_return problem(wait.error());

  auto found = co_await service_.status(asker, *id);
  if (!found) co_return problem(found.error());
  query::Snapshot snapshot = *std::move(found);

  // Without If-None-Match the client knows what it is told now, and waits for what comes after. With it, a
  // version that the client does not have yet is news already.
  const std::string known = request.field("If-None-Match");
  const bool up_to_date = !known.empty() && http::if_none_match_holds(known, version_tag(*snapshot.entry));
  if (*wait && (known.empty() || up_to_date)) {
    auto changed = co_await service_.wait(asker, *id, snapshot.entry->version, arrived + **wait);
    if (!changed) co_return with_quotas(problem(changed.error()), service_, asker, {query::Limit::waiting});
    snapshot = *std::move(changed);
  }

  const std::string tag = version_tag(*snapshot.entry);
  if (!known.empty() && http::if_none_match_holds(known, tag)) {
    http::Response not_modified;
    not_modified.status = 304;
    not_modified.fields = {{"ETag", tag}, {"Cache-Control", "no-store"}};
    co_return not_modified;
  }
  std::vector<http::Field> fields = {{"ETag", tag}};
  if (!journal::is_final(snapshot.entry->state)) fields.push_back({"Retry-After", "1"});
  http::Response response = json_response(200, query_json(snapshot), std::move(fields));
  if (!*wait) co_return response;
  co_return with_quotas(std::move(response), service_, asker, {query::Limit::waiting});
}

}  // namespace coatcheck::api::native
