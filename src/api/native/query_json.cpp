#include "api/native/query_json.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <iterator>

#include "api/native/problems.hpp"
#include "base/clock.hpp"
#include "base/json_text.hpp"

namespace coatcheck::api::native {

namespace {

void text(std::string& json, std::string_view name, std::string_view value) {
  json += ",\"";
  json += name;
  json += "\":";
  append_json_string(json, value);
}

void time(std::string& json, std::string_view name, const std::optional<Timestamp>& value) {
  if (!value) return;
  json += ",\"";
  json += name;
  json += "\":\"";
  append_rfc3339(json, *value);  // Needs no escaping.
  json += '"';
}

void number(std::string& json, std::string_view name, std::uint64_t value) {
  fmt::format_to(std::back_inserter(json), FMT_COMPILE(",\"{}\":{}"), name, value);
}

std::string reason(const query::Snapshot::Queued& queued) {
  if (!queued.is_reachable) return "the warehouse cannot be reached";
  if (queued.principal_running >= queued.principal_running_max) {
    return fmt::format("{} queries of this principal are running, and {} may", queued.principal_running,
                       queued.principal_running_max);
  }
  return fmt::format("{} of {} places are taken", queued.running, queued.running_max);
}

void queue(std::string& json, const query::Snapshot::Queued& queued) {
  fmt::format_to(std::back_inserter(json), R"(,"queue":{{"position":{},"reason":"{}"}})", queued.position,
                 reason(queued));
}

void result(std::string& json, const journal::Entry& entry, const std::string& id) {
  if (!entry.result) return;
  const journal::ResultSummary& summary = *entry.result;
  fmt::format_to(std::back_inserter(json),
                 FMT_COMPILE(R"(,"result":{{"rows":{},"bytes":{},"chunks":{},"truncated":{},"expires_at":")"),
                 summary.rows, summary.bytes, summary.chunks, summary.truncated);
  append_rfc3339(json, summary.expires_at);
  json += '"';
  if (summary.kept_by_warehouse) json += R"(,"kept_by_warehouse":true)";
  switch (entry.result_gone) {
    case journal::ResultGone::no:
      fmt::format_to(std::back_inserter(json), FMT_COMPILE(R"(,"url":"/v1/queries/{}/result")"), id);
      break;
    case journal::ResultGone::expired: json += R"(,"gone":"EXPIRED")"; break;
    case journal::ResultGone::deleted: json += R"(,"gone":"DELETED")"; break;
  }
  json += '}';
}

std::string_view kind_text(StatementKind kind) {
  switch (kind) {
    case StatementKind::read: return "READ";
    case StatementKind::write: return "WRITE";
    case StatementKind::unknown: return "";
  }
  return "";
}

// What of a statement is shown in a list: a thousand of them must not make a document of a gigabyte.
constexpr std::size_t listed_statement_bytes = 2'000;

// The front of `text`, at most `bytes_max` and no half character.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return text.substr(0, bytes_max);
}

std::string object(const query::Snapshot& snapshot, std::string_view statement, std::string_view more) {
  const journal::Entry& entry = *snapshot.entry;
  const journal::Submission& asked = entry.submission;
  const std::string id = entry.id.to_string();
  std::string json;
  json.reserve(640 + statement.size() + more.size());

  fmt::format_to(std::back_inserter(json), FMT_COMPILE(R"({{"id":"{}","status":"{}","version":{})"), id,
                 journal::to_string(entry.state), entry.version);
  text(json, "statement", statement);
  if (statement.size() < asked.statement.text.size()) json += R"(,"statement_truncated":true)";
  text(json, "warehouse", asked.warehouse);
  text(json, "principal", asked.principal);
  if (!asked.query_tag.empty()) text(json, "query_tag", asked.query_tag);
  if (const auto kind = kind_text(entry.kind); !kind.empty()) text(json, "kind", kind);
  number(json, "attempt", static_cast<std::uint64_t>(entry.attempt));
  time(json, "submitted_at", entry.submitted_at);
  time(json, "started_at", entry.started_at);
  time(json, "cancel_requested_at", entry.cancel_requested_at);
  time(json, "ended_at", entry.ended_at);
  if (asked.timeout) text(json, "timeout", to_string(*asked.timeout));
  if (asked.row_limit) number(json, "row_limit", *asked.row_limit);
  if (asked.priority != 0) fmt::format_to(std::back_inserter(json), ",\"priority\":{}", asked.priority);
  text(json, "result_ttl", to_string(asked.result_ttl));
  if (snapshot.progress) fmt::format_to(std::back_inserter(json), R"(,"progress":{:.4g})", *snapshot.progress);
  if (snapshot.queued) queue(json, *snapshot.queued);
  if (entry.failure) {
    json += R"(,"error":)";
    json += failure_json(*entry.failure);
  }
  result(json, entry, id);
  json += more;
  json += '}';
  return json;
}

}  // namespace

std::string query_json(const query::Snapshot& snapshot) { return query_json(snapshot, {}); }

std::string query_json(const query::Snapshot& snapshot, std::string_view more) {
  return object(snapshot, snapshot.entry->submission.statement.text, more);
}

std::string listed_query_json(const query::Snapshot& snapshot) {
  return object(snapshot, cut(snapshot.entry->submission.statement.text, listed_statement_bytes), {});
}

std::string version_tag(const journal::Entry& entry) { return '"' + std::to_string(entry.version) + '"'; }

}  // namespace coatcheck::api::native
