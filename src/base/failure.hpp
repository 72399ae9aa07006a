#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coatcheck {

// Why a query's execution did not succeed. Spelled as the API spells it.
enum class FailureCategory {
  statement,      // The statement is wrong: syntax, unknown name, type, division by zero.
  permission,     // The warehouse does not allow it.
  resources,      // Memory, disk or a quota ran out while it ran.
  timeout,        // Its own time limit was over.
  queue_timeout,  // It waited too long for its turn.
  canceled,       // It ended because somebody canceled it.
  interrupted,    // The server went down while it ran, and it may not be run again.
  unavailable,    // The warehouse cannot be reached or refuses service.
  internal,       // Our mistake.
};

// Returns "STATEMENT", "QUEUE_TIMEOUT", …
std::string_view to_string(FailureCategory category);
std::optional<FailureCategory> parse_failure_category(std::string_view text);

// The failure of one query, in the warehouse's own words. Shown to the client as it is.
struct Failure {
  FailureCategory category = FailureCategory::internal;
  std::string code = {};      // The warehouse's code or class of error ("Catalog Error"), may be empty.
  std::string sqlstate = {};  // Five characters, or empty if the warehouse has none.
  std::string message = "no outcome";
  bool retryable = false;  // The same statement may well work later.
  // Where in the statement, as a 0-based byte offset, if the warehouse says.
  std::optional<std::uint64_t> position = {};

  bool operator==(const Failure&) const = default;
};

}  // namespace coatcheck
