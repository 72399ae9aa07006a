#include "api/native/problems.hpp"

#include <string>
#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "query/stored_bytes.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::api::native {

namespace {

// When a client that met a limit should come again, in seconds.
constexpr const char* retry_after_seconds = "1";

http::Response answer(int status, std::string title, const Error& error, std::vector<http::Field> fields = {}) {
  return http::to_response({.status = status, .title = std::move(title), .detail = error.message, .field = error.field},
                           std::move(fields));
}

}  // namespace

http::Response problem(const Error& error) {
  switch (error.code) {
    case Errc::invalid_argument: return answer(400, "Invalid request", error);
    case Errc::not_found: return answer(404, "Not found", error);
    case Errc::conflict: return answer(409, "Conflict", error);
    case Errc::gone: return answer(410, "Gone", error);
    case Errc::resource_exhausted:
      if (error.field == query::storage_full) return answer(429, "Too much stored", error);
      return answer(429, "Too many requests", error, {{"Retry-After", retry_after_seconds}});
    case Errc::unavailable: return answer(503, "Service unavailable", error, {{"Retry-After", retry_after_seconds}});
    case Errc::deadline_exceeded:
      return answer(503, "Service unavailable", error, {{"Retry-After", retry_after_seconds}});
    case Errc::canceled:
    case Errc::no_outcome:
    case Errc::corrupt:
    case Errc::io_error: break;
  }
  telemetry::error("request_failed", {{"kind", to_string(error.code)}, {"error", error.message}});
  return http::to_response(
      {.status = 500, .title = "Internal error", .detail = "the server could not do this; its log says why"});
}

http::Response unauthorized(const Error& error) {
  return answer(401, "Unauthorized", error, {{"WWW-Authenticate", "Bearer realm=\"coatcheck\""}});
}

std::string failure_json(const Failure& failure) {
  std::string json = R"({"category":)";
  append_json_string(json, to_string(failure.category));
  json += R"(,"code":)";
  append_json_string(json, failure.code);
  json += R"(,"sqlstate":)";
  if (failure.sqlstate.empty()) {
    json += "null";
  } else {
    append_json_string(json, failure.sqlstate);
  }
  json += R"(,"message":)";
  append_json_string(json, failure.message);
  json += failure.retryable ? R"(,"retryable":true)" : R"(,"retryable":false)";
  json += R"(,"position":)";
  json += failure.position ? std::to_string(*failure.position) : "null";
  json += '}';
  return json;
}

}  // namespace coatcheck::api::native
