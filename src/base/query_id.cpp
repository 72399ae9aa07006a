#include "base/query_id.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <random>

namespace coatcheck {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_hyphen_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::string QueryId::to_string() const {
  std::string text(36, '-');
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    if (is_hyphen_place(at)) ++at;
    text[at++] = hex_digits[byte >> 4];
    text[at++] = hex_digits[byte & 0xf];
  }
  return text;
}

std::optional<QueryId> QueryId::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  QueryId id;
  std::size_t at = 0;
  for (std::uint8_t& byte : id.bytes) {
    if (is_hyphen_place(at) && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at++]);
    const int low = hex_value(text[at++]);
    if (high < 0 || low < 0) return std::nullopt;
    byte = static_cast<std::uint8_t>(high << 4 | low);
  }
  return id;
}

QueryId make_query_id(Timestamp now) {
  static std::mutex mutex;
  static std::random_device entropy;
  static std::uint64_t last = 0;

  const auto milliseconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());

  const std::lock_guard lock(mutex);
  // RFC 9562 method 1: the 12 bits after the time count up within a millisecond. Starting low in their
  // range leaves room; running out of it borrows from the future, which order survives.
  const std::uint64_t fresh = (milliseconds << 12) | (entropy() & 0x3ff);
  last = std::max(last + 1, fresh);

  QueryId id;
  const std::uint64_t time = last >> 12;
  for (std::size_t i = 0; i != 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(time >> (40 - 8 * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | ((last >> 8) & 0xf));
  id.bytes[7] = static_cast<std::uint8_t>(last & 0xff);
  const std::array<std::uint32_t, 2> random = {entropy(), entropy()};
  std::memcpy(id.bytes.data() + 8, random.data(), 8);
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

}  // namespace coatcheck

std::size_t std::hash<coatcheck::QueryId>::operator()(const coatcheck::QueryId& id) const noexcept {
  // The last eight bytes are random, so they are a hash already.
  std::size_t value = 0;
  std::memcpy(&value, id.bytes.data() + 8, sizeof(value));
  return value;
}
