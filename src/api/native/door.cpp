#include "api/native/door.hpp"

#include <utility>

#include "api/native/authentication.hpp"
#include "api/native/problems.hpp"

namespace coatcheck::api::native {

Door::Door(query::Service& service, principals::Keyring* keyring, async::Pool& encoding, telemetry::Registry& registry,
           const Clock& clock, Limits limits)
    : service_(service),
      keyring_(keyring),
      encoding_(encoding),
      registry_(registry),
      clock_(clock),
      limits_(limits),
      refused_keys_(registry.counter("coatcheck_authentication_failures_total",
                                     "Requests refused for want of a valid API key.")) {}

void Door::add_routes(http::Router& router) {
  using http::Verb;
  struct Line {
    Verb verb;
    const char* pattern;
    Endpoint endpoint;
    std::size_t body_bytes_max = 0;
    bool waits = false;
  };
  const Line lines[] = {
      {Verb::post, "/v1/queries", &Door::submit, limits_.body_bytes_max, true},
      {Verb::get, "/v1/queries", &Door::history},
      {Verb::post, "/v1/queries/batch-status", &Door::batch_status, limits_.body_bytes_max, true},
      {Verb::get, "/v1/queries/{id}", &Door::status, 0, true},
      {Verb::del, "/v1/queries/{id}", &Door::remove},
      {Verb::get, "/v1/queries/{id}/events", &Door::events, 0, true},
      {Verb::post, "/v1/queries/{id}/cancel", &Door::cancel, limits_.body_bytes_max},
      {Verb::get, "/v1/queries/{id}/result", &Door::result},
      {Verb::get, "/v1/queries/{id}/result/chunks", &Door::chunks},
      {Verb::get, "/v1/queries/{id}/result/chunks/{n}", &Door::chunk},
      {Verb::get, "/v1/warehouses", &Door::warehouses},
  };
  for (const Line& line : lines) {
    router.add({.verb = line.verb,
                .pattern = line.pattern,
                .handle = [this, endpoint = line.endpoint](
                              http::Request request) { return enter(endpoint, std::move(request)); },
                .body_bytes_max = line.body_bytes_max,
                .waits = line.waits});
  }
  router.add({.verb = Verb::get, .pattern = "/healthz", .handle = [this](http::Request request) {
                return healthz(std::move(request));
              }});
  router.add({.verb = Verb::get, .pattern = "/readyz", .handle = [this](http::Request request) {
                return readyz(std::move(request));
              }});
  router.add({.verb = Verb::get, .pattern = "/metrics", .handle = [this](http::Request request) {
                return metrics(std::move(request));
              }});
  router.add({.verb = Verb::get, .pattern = "/openapi.json", .handle = [this](http::Request request) {
                return openapi(std::move(request));
              }});
}

// Not a coroutine, so that a request that waits has one frame less.
async::Task<http::Response> Door::enter(Endpoint endpoint, http::Request request) {
  auto asker = authenticate(keyring_, request);
  if (asker) return (this->*endpoint)(*std::move(asker), std::move(request));
  refused_keys_.Increment();
  return answered(unauthorized(asker.error()));
}

async::Task<http::Response> Door::answered(http::Response response) { co_return response; }

}  // namespace coatcheck::api::native
