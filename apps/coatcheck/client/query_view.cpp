#include "client/query_view.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "base/byte_size.hpp"
#include "client/human.hpp"
#include "client/width.hpp"

namespace coatcheck::client {

namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::optional<std::uint64_t> number(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code none;
  const auto read = value->to_number<std::uint64_t>(none);
  return none ? std::nullopt : std::optional(read);
}

bool flag(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<Timestamp> time(const json::object& object, std::string_view name) {
  auto read = parse_rfc3339(text(object, name));
  return read ? std::optional(*read) : std::nullopt;
}

const json::object* member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::optional<double> progress_of(const json::object& object) {
  const json::value* value = object.if_contains("progress");
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code none;
  const double progress = value->to_number<double>(none);
  if (none || !(progress >= 0)) return std::nullopt;
  return progress > 1 ? 1 : progress;
}

QueryView::ResultView read_result(const json::object& object) {
  return {.rows = number(object, "rows").value_or(0),
          .bytes = number(object, "bytes").value_or(0),
          .truncated = flag(object, "truncated"),
          .expires_at = time(object, "expires_at"),
          .gone = text(object, "gone")};
}

std::string line(std::string_view name, std::string_view value) { return fmt::format("{:<10} {}\n", name, value); }

std::string describe_result(const QueryView::ResultView& result) {
  if (!result.gone.empty())
    return fmt::format("{} rows, no longer there ({})", grouped(result.rows), visible(result.gone));
  std::string words = fmt::format("{} rows, {}", grouped(result.rows), human_bytes(result.bytes));
  if (result.truncated) words += ", cut at the row limit";
  if (result.expires_at) words += ", kept until " + local_time(*result.expires_at);
  return words;
}

std::string describe_status(const QueryView& query, Style style) {
  std::string words = dressed_status(query, visible(query.status), style);
  if (query.progress && !query.is_final()) words += fmt::format(", {:.0f} % done", *query.progress * 100);
  if (query.queue)
    words += fmt::format(", {}, {}", queries_before(query.queue->position), visible(query.queue->reason));
  return words;
}

}  // namespace

FailureView read_failure(const json::object& object) {
  return {.category = text(object, "category"),
          .code = text(object, "code"),
          .sqlstate = text(object, "sqlstate"),
          .message = text(object, "message"),
          .retryable = flag(object, "retryable"),
          .position = number(object, "position")};
}

QueryView read_query(const json::object& object) {
  QueryView query;
  query.id = text(object, "id");
  query.status = text(object, "status");
  query.version = number(object, "version").value_or(0);
  query.statement = text(object, "statement");
  query.warehouse = text(object, "warehouse");
  query.principal = text(object, "principal");
  query.query_tag = text(object, "query_tag");
  query.attempt = number(object, "attempt").value_or(0);
  query.submitted_at = time(object, "submitted_at");
  query.started_at = time(object, "started_at");
  query.ended_at = time(object, "ended_at");
  query.progress = progress_of(object);
  if (const auto* queue = member(object, "queue")) {
    query.queue = {.position = number(*queue, "position").value_or(0), .reason = text(*queue, "reason")};
  }
  if (const auto* error = member(object, "error")) query.error = read_failure(*error);
  if (const auto* result = member(object, "result")) query.result = read_result(*result);
  return query;
}

Outcome<QueryView> parse_query(std::string_view text) {
  boost::system::error_code wrong;
  const json::value value = json::parse(text, wrong);
  if (!wrong && value.is_object()) {
    QueryView query = read_query(value.get_object());
    if (!query.id.empty() && !query.status.empty()) return query;
  }
  return Trouble{ExitCode::unavailable, "the server's answer is no query of Coatcheck's",
                 "is --server the right address?"};
}

std::optional<std::chrono::milliseconds> duration_of(const QueryView& query, Timestamp now) {
  if (!query.started_at) return std::nullopt;
  const Timestamp end = query.ended_at.value_or(now);
  const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(end - *query.started_at);
  return std::max(duration, std::chrono::milliseconds(0));
}

std::string dressed_status(const QueryView& query, std::string text, Style style) {
  if (query.status == "SUCCEEDED") return style.green(text);
  if (query.status == "FAILED") return style.red(text);
  if (query.status == "CANCELED" || query.status == "CANCELING") return style.yellow(text);
  return style.bold(text);
}

std::string describe(const QueryView& query, Timestamp now, Style style) {
  std::string lines = line("query", visible(query.id));
  lines += line("status", describe_status(query, style));
  lines += line("statement", cut(one_line(query.statement), 160));
  lines += line("warehouse", visible(query.warehouse));
  if (!query.query_tag.empty()) lines += line("tag", visible(query.query_tag));
  if (!query.principal.empty()) lines += line("principal", visible(query.principal));
  if (query.submitted_at) lines += line("submitted", local_time(*query.submitted_at));
  if (query.attempt > 1) lines += line("attempt", std::to_string(query.attempt));
  if (const auto duration = duration_of(query, now)) lines += line("duration", human_duration(*duration));
  if (query.result) lines += line("result", describe_result(*query.result));
  return lines;
}

}  // namespace coatcheck::client
