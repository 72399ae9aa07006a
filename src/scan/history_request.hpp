#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "journal/journal.hpp"

namespace coatcheck::scan {

inline constexpr std::int64_t history_limit_default = 100;
inline constexpr std::int64_t history_limit_max = 10'000;

// What one call of information_schema.query_history…() asks for. Empty fields do not filter.
struct HistoryRequest {
  std::optional<Timestamp> end_from = {};      // Ended at this time or later, or has not ended.
  std::optional<Timestamp> end_until = {};     // Ended at this time or before; what has not ended is left out.
  std::int64_t limit = history_limit_default;  // Does not count when `ids` are given.
  std::optional<std::uint64_t> session = {};
  std::optional<std::string> user = {};       // In any case, as in Snowflake.
  std::optional<std::string> warehouse = {};  // In any case.
  // The statement can only use these, so only they are looked up, however long the history is. Texts: what is no
  // id names nothing.
  std::optional<std::vector<std::string>> ids = {};

  bool operator==(const HistoryRequest&) const = default;
};

// Whether the filters let this query through; `ids` and `limit` are not among them.
bool lets_through(const HistoryRequest& request, const journal::Entry& entry);

}  // namespace coatcheck::scan
