#include "journal/sqlite/skew.hpp"

#include <algorithm>
#include <limits>

namespace coatcheck::journal::sqlite {

namespace {

using Limits = std::numeric_limits<std::int64_t>;

constexpr std::size_t time_bytes = 6;
constexpr std::int64_t time_max = (std::int64_t{1} << 48) - 1;  // Milliseconds.

std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? Limits::min() : Limits::max();
}

std::int64_t subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b > 0 ? Limits::min() : Limits::max();
}

std::int64_t microseconds_of(const QueryId& id) {
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i != time_bytes; ++i) milliseconds = (milliseconds << 8) | id.bytes[i];
  return milliseconds * 1000;
}

QueryId id_at(std::int64_t microseconds, std::uint8_t rest) {
  const std::int64_t floor = microseconds < 0 ? 0 : microseconds / 1000;
  const std::int64_t milliseconds = std::min(floor, time_max);
  QueryId id;
  id.bytes.fill(rest);
  for (std::size_t i = 0; i != time_bytes; ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (8 * (time_bytes - 1 - i)));
  }
  return id;
}

}  // namespace

Result<Skew> Skew::load(Database& database) {
  const auto least = database.integer("SELECT least FROM skew WHERE one=1");
  if (!least) return least.error();
  const auto most = database.integer("SELECT most FROM skew WHERE one=1");
  if (!most) return most.error();
  return Skew{*least, *most};
}

bool Skew::widen(const QueryId& id, Timestamp submitted_at) {
  const std::int64_t difference = subtract(microseconds_of(id), submitted_at.time_since_epoch().count());
  // Twice what is needed, so that a drifting clock does not write this again and again.
  if (difference < least) return least = add(difference, difference), true;
  if (difference > most) return most = add(difference, difference), true;
  return false;
}

QueryId Skew::lowest_id(Timestamp time) const { return id_at(add(time.time_since_epoch().count(), least), 0x00); }

QueryId Skew::highest_id(Timestamp time) const { return id_at(add(time.time_since_epoch().count(), most), 0xff); }

}  // namespace coatcheck::journal::sqlite
