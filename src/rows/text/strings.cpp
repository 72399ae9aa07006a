#include "rows/text/strings.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "rows/text/words.hpp"

namespace coatcheck::rows::text {
namespace {

// Room is asked for a piece at a time, so that a string of a gigabyte does not reserve six.
constexpr std::size_t piece_bytes = 4096;

unsigned char byte_at(const char* p) { return static_cast<unsigned char>(*p); }

// A sequence at p that begins with a byte of 0x80 or more: how many bytes to take, and whether they are
// UTF-8 (no overlong form, no surrogate, nothing past U+10FFFF).
struct Sequence {
  std::size_t size;
  bool is_valid;
};

Sequence sequence_at(const char* p, const char* end) {
  const unsigned lead = byte_at(p);
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (std::size_t i = 1; i < size; ++i) {
    if (p + i == end || byte_at(p + i) < low || byte_at(p + i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {size, true};
}

// Copies the sequence at p, or U+FFFD for it, and moves p past it.
char* write_sequence(char* at, const char*& p, const char* end) {
  const Sequence sequence = sequence_at(p, end);
  if (sequence.is_valid) {
    std::memcpy(at, p, sequence.size);
    at += sequence.size;
  } else {
    std::memcpy(at, "\xEF\xBF\xBD", 3);
    at += 3;
  }
  p += sequence.size;
  return at;
}

char* write_json_escape(char* at, unsigned char c) {
  *at++ = '\\';
  switch (c) {
    case '"':
    case '\\': *at = static_cast<char>(c); return at + 1;
    case '\b': *at = 'b'; return at + 1;
    case '\f': *at = 'f'; return at + 1;
    case '\n': *at = 'n'; return at + 1;
    case '\r': *at = 'r'; return at + 1;
    case '\t': *at = 't'; return at + 1;
    default: break;
  }
  constexpr char hex[] = "0123456789abcdef";
  std::memcpy(at, "u00", 3);
  at[3] = hex[c >> 4];
  at[4] = hex[c & 15];
  return at + 5;
}

char* write_json_special(char* at, const char*& p, const char* end) {
  if (byte_at(p) >= 0x80) return write_sequence(at, p, end);
  return write_json_escape(at, byte_at(p++));
}

// In quotes only the quote itself is special.
char* write_quoted_special(char* at, const char*& p, const char* end) {
  if (byte_at(p) >= 0x80) return write_sequence(at, p, end);
  if (*p == '"') *at++ = '"';
  *at = *p++;
  return at + 1;
}

// Writes from p to at least `stop`, copying whole words up to each byte that `is_special` names and giving
// that to `write_special`. Only a sequence that straddles `stop` makes it go on, to `end` at most.
template <std::uint64_t (*is_special)(std::uint64_t), char* (*write_special)(char*, const char*&, const char*)>
char* write_piece(char* at, const char*& p, const char* stop, const char* end) {
  while (stop - p >= 8) {
    const std::uint64_t word = load_word(p);
    std::memcpy(at, &word, sizeof(word));
    const std::uint64_t mask = is_special(word);
    const std::size_t clean = mask == 0 ? 8 : first_special(mask);
    p += clean;
    at += clean;
    if (mask != 0) [[unlikely]]
      at = write_special(at, p, end);
  }
  while (p < stop) {
    const auto left = static_cast<std::size_t>(stop - p);
    const std::uint64_t word = load_tail(p, left);
    std::memcpy(at, &word, sizeof(word));
    const std::uint64_t mask = is_special(word);
    const std::size_t clean = std::min(left, mask == 0 ? std::size_t{8} : first_special(mask));
    p += clean;
    at += clean;
    if (p < stop) [[unlikely]]
      at = write_special(at, p, end);
  }
  return at;
}

bool needs_quotes(const char* p, const char* end) {
  while (p < end) {
    const auto left = static_cast<std::size_t>(end - p);
    const std::uint64_t mask = special_in_csv(left >= 8 ? load_word(p) : load_tail(p, left));
    p += mask == 0 ? 8 : first_special(mask);
    if (mask == 0 || p >= end) continue;
    if (*p == '"' || *p == ',' || *p == '\r' || *p == '\n') return true;
    ++p;
  }
  return false;
}

// Copies up to the first byte that may need quotes, and returns how many that were.
std::size_t copy_plain(char* at, const char* p, std::size_t size) {
  std::size_t done = 0;
  for (; done + 8 <= size; done += 8) {
    const std::uint64_t word = load_word(p + done);
    std::memcpy(at + done, &word, sizeof(word));
    if (const std::uint64_t mask = special_in_csv(word)) return done + first_special(mask);
  }
  if (done == size) return size;
  const std::uint64_t word = load_tail(p + done, size - done);
  std::memcpy(at + done, &word, sizeof(word));
  // What load_tail() fills up with counts as special, so there is always a first one.
  return std::min(size, done + first_special(special_in_csv(word)));
}

char* write_plain_special(char* at, const char*& p, const char* end) {
  if (byte_at(p) >= 0x80) return write_sequence(at, p, end);
  *at = *p++;
  return at + 1;
}

}  // namespace

char* write_json_string(char* at, Scratch& scratch, std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  at = scratch.room(at, std::min(text.size(), piece_bytes) * 6 + 2 + 8);
  *at++ = '"';
  while (p < end) {
    const char* const stop = p + std::min(static_cast<std::size_t>(end - p), piece_bytes);
    at = write_piece<special_in_json, write_json_special>(at, p, stop, end);
    if (p < end) at = scratch.room(at, std::min(static_cast<std::size_t>(end - p), piece_bytes) * 6 + 2 + 8);
  }
  *at = '"';
  return at + 1;
}

char* write_csv_field(char* at, Scratch& scratch, std::string_view text) {
  at = scratch.room(at, std::min(text.size(), piece_bytes) * 3 + 2 + 8);
  const char* p = text.data();
  const char* const end = p + text.size();
  const std::size_t plain = copy_plain(at, p, std::min(text.size(), piece_bytes));
  if (plain == text.size() && plain > 0) [[likely]]
    return at + plain;

  const bool quotes = text.empty() || needs_quotes(p + plain, end);
  if (quotes) *at++ = '"';
  while (p < end) {
    const char* const stop = p + std::min(static_cast<std::size_t>(end - p), piece_bytes);
    at = quotes ? write_piece<special_in_csv, write_quoted_special>(at, p, stop, end)
                : write_piece<special_in_csv, write_plain_special>(at, p, stop, end);
    if (p < end) at = scratch.room(at, std::min(static_cast<std::size_t>(end - p), piece_bytes) * 3 + 2 + 8);
  }
  if (quotes) *at++ = '"';
  return at;
}

std::string json_string(std::string_view text) {
  Scratch scratch;
  // Room may move what was written, so the beginning is asked for after it.
  const char* const end = write_json_string(scratch.begin(), scratch, text);
  return {scratch.begin(), static_cast<std::size_t>(end - scratch.begin())};
}

std::string csv_field(std::string_view text) {
  Scratch scratch;
  const char* const end = write_csv_field(scratch.begin(), scratch, text);
  return {scratch.begin(), static_cast<std::size_t>(end - scratch.begin())};
}

char* write_base64(char* at, Scratch& scratch, std::string_view bytes) {
  constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  at = scratch.room(at, (bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, at += 4) {
    const unsigned group = static_cast<unsigned>(byte_at(&bytes[i])) << 16 |
                           static_cast<unsigned>(byte_at(&bytes[i + 1])) << 8 | byte_at(&bytes[i + 2]);
    at[0] = alphabet[group >> 18];
    at[1] = alphabet[group >> 12 & 63];
    at[2] = alphabet[group >> 6 & 63];
    at[3] = alphabet[group & 63];
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return at;
  const unsigned group = static_cast<unsigned>(byte_at(&bytes[i])) << 16 |
                         (left == 2 ? static_cast<unsigned>(byte_at(&bytes[i + 1])) << 8 : 0U);
  at[0] = alphabet[group >> 18];
  at[1] = alphabet[group >> 12 & 63];
  at[2] = left == 2 ? alphabet[group >> 6 & 63] : '=';
  at[3] = '=';
  return at + 4;
}

char* write_uuid(char* at, const unsigned char* bytes) {
  constexpr char hex[] = "0123456789abcdef";
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    *at++ = hex[bytes[i] >> 4];
    *at++ = hex[bytes[i] & 15];
  }
  return at;
}

}  // namespace coatcheck::rows::text
