// POST /v1/queries/{id}/cancel and DELETE /v1/queries/{id}: stop a query; drop what it left.
#include <utility>

#include "api/native/door.hpp"
#include "api/native/json_response.hpp"
#include "api/native/problems.hpp"
#include "api/native/query_json.hpp"
#include "api/native/url_parameters.hpp"

namespace coatcheck::api::native {

namespace {

// 202 while the warehouse has not confirmed, 200 once nothing more can happen.
http::Response stopped(const query::Snapshot& snapshot) {
  const int status = journal::is_final(snapshot.entry->state) ? 200 : 202;
  return json_response(status, query_json(snapshot), {{"ETag", version_tag(*snapshot.entry)}});
}

}  // namespace

async::Task<http::Response> Door::cancel(Asker asker, http::Request request) {
  auto id = id_of(request);
  if (!id) co_return problem(id.error());
  if (auto none = no_parameters(request); !none) co_return problem(none.error());
  auto canceled = co_await service_.cancel(std::move(asker), *id);
  if (!canceled) co_return problem(canceled.error());
  co_return stopped(*canceled);
}

async::Task<http::Response> Door::remove(Asker asker, http::Request request) {
  auto id = id_of(request);
  if (!id) co_return problem(id.error());
  if (auto none = no_parameters(request); !none) co_return problem(none.error());
  auto removed = co_await service_.remove(std::move(asker), *id);
  if (!removed) co_return problem(removed.error());
  co_return stopped(*removed);
}

}  // namespace coatcheck::api::native
