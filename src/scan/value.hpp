#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "scan/text.hpp"

// Constant expressions, as people write them in the arguments of our tables. Of this room alone.
namespace coatcheck::scan {

struct Null {};
// A value that will be known when the statement runs: a placeholder, while nothing is bound.
struct Unknown {};
using Value = std::variant<Unknown, Null, bool, std::int64_t, std::string, Timestamp>;

// An expression's value, and the token after it.
struct Evaluated {
  Value value;
  std::size_t next = 0;
};

// Evaluates the expression that begins at token `at`: literals, placeholders, casts of timestamps,
// to_timestamp…(text or seconds since 1970), current_timestamp, sysdate(), dateadd(part, n, t), current_user(),
// current_session(), current_warehouse(). Nothing if it begins with none of these. What follows it is for the caller to
// judge.
std::optional<Evaluated> evaluate(const Text& text, std::size_t at);

// Reads a whole number with or without a sign, at token `at`.
std::optional<Evaluated> signed_number(const Text& text, std::size_t at);

// The value of a placeholder: numbers also where a number is bound as text.
std::optional<Value> bound_value(const Text& text, std::size_t at);

// Reads "2026-11-22", "2026-11-22 10:20:30.5", with T, and with an offset at the end or none, which is UTC.
std::optional<Timestamp> read_timestamp(std::string_view text);

}  // namespace coatcheck::scan
