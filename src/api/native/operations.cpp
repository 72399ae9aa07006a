// /v1/warehouses, /healthz, /readyz, /metrics and /openapi.json: what operators and tools ask.
#include <fmt/format.h>

#include <iterator>

#include "api/native/door.hpp"
#include "api/native/json_response.hpp"
#include "api/native/openapi.hpp"
#include "api/native/problems.hpp"
#include "api/native/url_parameters.hpp"
#include "base/json_text.hpp"

namespace coatcheck::api::native {

async::Task<http::Response> Door::warehouses(Asker, http::Request request) {
  if (auto none = no_parameters(request); !none) co_return problem(none.error());
  std::string body = R"({"warehouses":[)";
  bool first = true;
  for (const query::WarehouseStatus& warehouse : service_.warehouses()) {
    if (!first) body += ',';
    first = false;
    body += R"({"name":)";
    append_json_string(body, warehouse.name);
    body += R"(,"kind":)";
    append_json_string(body, warehouse.kind);
    fmt::format_to(std::back_inserter(body),
                   R"(,"default":{},"reachable":{},"running":{},"running_max":{},"queued":{},"queued_max":{})",
                   warehouse.is_default, warehouse.is_reachable, warehouse.running, warehouse.running_max,
                   warehouse.queued, warehouse.queued_max);
    fmt::format_to(std::back_inserter(body), R"(,"status_requests":{},"last_error":)", warehouse.status_requests);
    if (warehouse.last_trouble) {
      body += R"({"message":)";
      append_json_string(body, warehouse.last_trouble->message);
      fmt::format_to(std::back_inserter(body), R"(,"at":"{}"}})", to_rfc3339(warehouse.last_trouble->at));
    } else {
      body += "null";
    }
    body += '}';
  }
  body += "]}";
  co_return json_response(200, std::move(body));
}

async::Task<http::Response> Door::healthz(http::Request) { co_return json_response(200, R"({"status":"ok"})"); }

async::Task<http::Response> Door::readyz(http::Request) {
  if (service_.accepts()) co_return json_response(200, R"({"status":"ready"})");
  co_return http::to_response({.status = 503, .title = "Not ready", .detail = "the server takes no queries now"},
                              {{"Retry-After", "1"}});
}

async::Task<http::Response> Door::metrics(http::Request) {
  http::Response response;
  response.fields = {{"Content-Type", telemetry::metrics_media_type}, {"Cache-Control", "no-store"}};
  response.body = telemetry::render(registry_);
  co_return response;
}

async::Task<http::Response> Door::openapi(http::Request) {
  http::Response response;
  response.fields = {{"Content-Type", "application/json"}, {"Cache-Control", "max-age=300"}};
  response.body = std::string(openapi_json());
  co_return response;
}

}  // namespace coatcheck::api::native
