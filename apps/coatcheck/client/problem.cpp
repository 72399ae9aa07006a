#include "client/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>

#include "client/caret.hpp"
#include "client/width.hpp"

namespace coatcheck::client {

namespace {

namespace json = boost::json;

constexpr std::chrono::seconds pause_max{30};

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// "parameters[0].type must be …", "Not found: there is no such query"; in the server's own words.
std::string words_of(const HttpResponse& response) {
  boost::system::error_code wrong;
  const json::value value = json::parse(response.body, wrong);
  const json::object* problem = wrong ? nullptr : value.if_object();
  if (problem == nullptr) return fmt::format("the server answered with status {}", response.status);
  const std::string detail = text(*problem, "detail");
  const std::string field = text(*problem, "field");
  std::string words = field.empty() || detail.empty() ? detail : field + ": " + detail;
  if (words.empty()) words = text(*problem, "title");
  if (words.empty()) return fmt::format("the server answered with status {}", response.status);
  return words;
}

ExitCode exit_code_of(int status) {
  switch (status) {
    case 401:
    case 403: return ExitCode::unauthorized;
    case 404:
    case 410: return ExitCode::not_found;
    case 409: return ExitCode::query_failed;
    default: return status >= 400 && status < 500 && status != 429 ? ExitCode::usage : ExitCode::unavailable;
  }
}

std::string hint_of(int status, std::string_view id) {
  switch (status) {
    case 401:
      return "put the key into the environment variable COATCHECK_KEY, or name a file that holds it: --key-file FILE\n"
             "where the server runs, a new key is made with: coatcheck key create NAME";
    case 404: return id.empty() ? "" : "see your queries with: coatcheck history";
    case 410: return "run the statement again; --ttl says how long its result is kept";
    case 429:
    case 503: return "try again in a moment";
    default: return {};
  }
}

// The engine's own drawing of the place is left out where we draw it ourselves.
std::string message_of(const FailureView& failure) {
  std::string_view message = failure.message;
  if (failure.position) message = message.substr(0, message.rfind("\n\nLINE "));
  return visible_lines(message);
}

}  // namespace

Trouble trouble_of(const HttpResponse& response, std::string_view id) {
  return {exit_code_of(response.status), words_of(response), hint_of(response.status, id)};
}

std::chrono::milliseconds retry_after(const HttpResponse& response) {
  const std::string text = response.field("retry-after");
  unsigned seconds = 1;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), pause_max);
}

bool is_passing(const HttpResponse& response) {
  return response.status == 429 || (response.status >= 502 && response.status <= 504);
}

std::string failure_text(const QueryView& query, std::size_t width, Style style) {
  const FailureView failure = query.error.value_or(FailureView{});
  const bool canceled = query.status == "CANCELED";
  std::string out = style.red(canceled ? "canceled: " : "error: ");
  out += failure.message.empty() ? std::string("the server does not say why") : message_of(failure);
  out += '\n';
  if (failure.position) out += "\n" + caret_excerpt(query.statement, *failure.position, width, style) + "\n";
  std::string kind = visible(failure.category);
  if (!failure.sqlstate.empty()) kind += ", SQLSTATE " + visible(failure.sqlstate);
  if (failure.retryable) kind += ", may work if you try again";
  out += style.dim(fmt::format("query {}{}", visible(query.id), kind.empty() || canceled ? "" : " failed: " + kind)) +
         "\n";
  return out;
}

std::string trouble_text(const Trouble& trouble, Style style) {
  std::string out = style.red("error: ") + visible_lines(trouble.message) + "\n";
  if (!trouble.hint.empty()) out += visible_lines(trouble.hint) + "\n";
  return out;
}

}  // namespace coatcheck::client
