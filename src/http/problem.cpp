#include "http/problem.hpp"

#include <algorithm>
#include <array>

#include "base/json_text.hpp"

namespace coatcheck::http {

namespace {

struct Reason {
  int status;
  std::string_view words;
};
constexpr std::array reasons = std::to_array<Reason>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});

}  // namespace

Response to_response(const Problem& problem, std::vector<Field> fields) {
  std::string text = "{\"type\":\"about:blank\",\"title\":";
  append_json_string(text, problem.title.empty() ? reason(problem.status) : problem.title);
  text += ",\"status\":" + std::to_string(problem.status);
  if (!problem.detail.empty()) {
    text += ",\"detail\":";
    append_json_string(text, problem.detail);
  }
  if (!problem.field.empty()) {
    text += ",\"field\":";
    append_json_string(text, problem.field);
  }
  for (const auto& [name, json] : problem.extensions) {
    text += ',';
    append_json_string(text, name);
    text += ':';
    text += json;
  }
  text += '}';
  fields.push_back({"Content-Type", "application/problem+json"});
  Response response;
  response.status = problem.status;
  response.fields = std::move(fields);
  response.body = std::move(text);
  return response;
}

std::string_view reason(int status) {
  const auto found =
      std::lower_bound(reasons.begin(), reasons.end(), status, [](const Reason& r, int s) { return r.status < s; });
  return found != reasons.end() && found->status == status ? found->words : std::string_view{};
}

}  // namespace coatcheck::http
