#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace coatcheck {

// The name of one submitted query: a UUIDv7 (RFC 9562), so ids sort by the time of submission.
struct QueryId {
  std::array<std::uint8_t, 16> bytes{};

  // Returns the lower-case hyphenated form, 36 characters.
  std::string to_string() const;

  // Reads the hyphenated form in either case. Any UUID version is taken: an id is a name, and one that
  // we never gave out is just not found.
  static std::optional<QueryId> parse(std::string_view text);

  auto operator<=>(const QueryId&) const = default;
};

// Returns a new id for `now`. Ids made by one process never repeat and never go backwards, also within
// one millisecond or when the clock is set back. Safe from any thread.
QueryId make_query_id(Timestamp now);

}  // namespace coatcheck

template <>
struct std::hash<coatcheck::QueryId> {
  std::size_t operator()(const coatcheck::QueryId& id) const noexcept;
};
