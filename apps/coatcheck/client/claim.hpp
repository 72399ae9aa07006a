#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/http_client.hpp"
#include "client/outcome.hpp"

namespace coatcheck::client {

// How a result is wanted.
struct ClaimAsked {
  std::string format = {};  // Empty: by the output file's ending; a table on a terminal; else csv.
  std::string output = {};  // A file; empty or "-" is standard output.
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> limit = {};  // A table has 40 rows if nothing else is said.
};

// The names --format takes, with "|" between them.
inline constexpr std::string_view format_names = "table|json|rows|ndjson|csv|arrow|parquet";

// Returns the format that is meant. Wrong usage for a binary one that would go to a terminal.
Outcome<std::string> chosen_format(const ClaimAsked& asked, bool to_terminal);

// Writes the result of query `id`, as it comes in. If the query has failed, says why on standard error and returns
// ExitCode::query_failed; if it has not ended, trouble with ExitCode::not_ended.
Outcome<ExitCode> claim(HttpClient& http, const std::string& id, const ClaimAsked& asked);

}  // namespace coatcheck::client
