// POST /v1/queries/batch-status: how far many queries have come, in one call; with `wait`, as soon as any changes.
#include <utility>

#include "api/native/door.hpp"
#include "api/native/json_body.hpp"
#include "api/native/json_response.hpp"
#include "api/native/problems.hpp"
#include "api/native/query_json.hpp"
#include "api/native/quota_fields.hpp"
#include "api/native/url_parameters.hpp"
#include "base/json_text.hpp"

namespace coatcheck::api::native {

namespace {

namespace json = boost::json;

struct BatchBody {
  std::vector<query::Service::Asked> asked;
  std::chrono::milliseconds wait{0};
};

Result<query::Service::Asked> read_asked(const json::value& value, const std::string& path) {
  query::Service::Asked asked{};
  std::optional<std::string> text;
  if (const json::string* plain = value.if_string()) {
    text = std::string(plain->data(), plain->size());
  } else if (const json::object* object = value.if_object()) {
    auto known = only_known(*object, {"id", "version"}, path);
    if (!known) return std::move(known).error();
    auto named = text_member(*object, "id", path, 64);
    if (!named) return std::move(named).error();
    text = *std::move(named);
    auto version = whole_member(*object, "version", path, 0, INT64_MAX);
    if (!version) return std::move(version).error();
    asked.known = *version;
  }
  const auto id = text ? QueryId::parse(*text) : std::nullopt;
  if (!id) return Error{Errc::invalid_argument, "must be a query id, or an object with id and version", path};
  asked.id = *id;
  return asked;
}

Result<BatchBody> read_batch_body(const http::Request& request, const Limits& limits) {
  auto body = read_json_body(request);
  if (!body) return std::move(body).error();
  auto known = only_known(*body, {"queries", "wait"}, {});
  if (!known) return std::move(known).error();

  const json::value* queries = body->if_contains("queries");
  if (!queries || !queries->is_array())
    return Error{Errc::invalid_argument, "must be an array of query ids", "queries"};
  const json::array& array = queries->get_array();
  if (array.empty() || array.size() > limits.batch_ids_max) {
    return Error{Errc::invalid_argument, "must have 1 to " + std::to_string(limits.batch_ids_max) + " entries",
                 "queries"};
  }
  BatchBody batch;
  for (std::size_t i = 0; i != array.size(); ++i) {
    auto asked = read_asked(array[i], "queries[" + std::to_string(i) + "]");
    if (!asked) return std::move(asked).error();
    batch.asked.push_back(*asked);
  }

  auto wait = text_member(*body, "wait", {}, 64);
  if (!wait) return std::move(wait).error();
  if (*wait) {
    auto duration = parse_duration(**wait);
    if (!duration) return Error{Errc::invalid_argument, duration.error().message, "wait"};
    if (*duration > limits.wait_max)
      return Error{Errc::invalid_argument, "may be at most " + to_string(limits.wait_max), "wait"};
    batch.wait = *duration;
  }
  return batch;
}

}  // namespace

async::Task<http::Response> Door::batch_status(Asker asker, http::Request request) {
  const Deadline arrived = std::chrono::steady_clock::now();
  if (auto none = no_parameters(request); !none) co_return problem(none.error());
  auto batch = read_batch_body(request, limits_);
  if (!batch) {
    if (batch.error().field == "Content-Type") {
      co_return http::to_response(
          {.status = 415, .title = "Unsupported media type", .detail = batch.error().message, .field = "Content-Type"});
    }
    co_return problem(batch.error());
  }

  std::vector<query::Service::Asked> asked = batch->asked;
  auto snapshots = co_await service_.wait_for_any(asker, std::move(asked), arrived + batch->wait);
  if (!snapshots) co_return with_quotas(problem(snapshots.error()), service_, asker, {query::Limit::waiting});

  // What does not exist, or is somebody else's, stands there as missing: the others are still told.
  std::string body = R"({"queries":[)";
  std::string missing;
  bool first = true;
  for (std::size_t i = 0; i != snapshots->size(); ++i) {
    const std::optional<query::Snapshot>& snapshot = (*snapshots)[i];
    if (!snapshot) {
      if (!missing.empty()) missing += ',';
      append_json_string(missing, batch->asked[i].id.to_string());
      continue;
    }
    if (!first) body += ',';
    first = false;
    body += listed_query_json(*snapshot);
  }
  body += R"(],"missing":[)" + missing + "]}";
  http::Response response = json_response(200, std::move(body));
  if (batch->wait.count() == 0) co_return response;
  co_return with_quotas(std::move(response), service_, asker, {query::Limit::waiting});
}

}  // namespace coatcheck::api::native
