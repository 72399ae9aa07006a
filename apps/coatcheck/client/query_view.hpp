#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "client/outcome.hpp"
#include "client/terminal.hpp"

namespace boost::json {
class object;
}

namespace coatcheck::client {

// The failure of a query as the API tells it.
struct FailureView {
  std::string category;
  std::string code;
  std::string sqlstate;
  std::string message;
  bool retryable = false;
  std::optional<std::uint64_t> position = {};  // 0-based byte offset in the statement.
};

// A query as the API tells it. What the server left out is empty.
struct QueryView {
  struct Queue {
    std::uint64_t position = 0;  // How many are before it.
    std::string reason;
  };
  struct ResultView {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    bool truncated = false;
    std::optional<Timestamp> expires_at;
    std::string gone;  // "EXPIRED" or "DELETED" once it is no longer there.
  };

  std::string id;
  std::string status;
  std::uint64_t version = 0;
  std::string statement;
  std::string warehouse;
  std::string principal;
  std::string query_tag;
  std::uint64_t attempt = 0;
  std::optional<Timestamp> submitted_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> ended_at;
  std::optional<double> progress;  // From 0 to 1.
  std::optional<Queue> queue;
  std::optional<FailureView> error;
  std::optional<ResultView> result;

  bool is_final() const { return status == "SUCCEEDED" || status == "FAILED" || status == "CANCELED"; }
};

Outcome<QueryView> parse_query(std::string_view json);
QueryView read_query(const boost::json::object& object);
FailureView read_failure(const boost::json::object& object);

// How long it ran, or runs at `now`; nothing before it started.
std::optional<std::chrono::milliseconds> duration_of(const QueryView& query, Timestamp now);

// Returns the status in the colour of what it means.
std::string dressed_status(const QueryView& query, std::string text, Style style);

// Returns some lines that tell a person all there is to know.
std::string describe(const QueryView& query, Timestamp now, Style style);

}  // namespace coatcheck::client
