#include "journal/sqlite/row_checksum.hpp"

#include <sqlite3.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace coatcheck::journal::sqlite {

namespace {

// Little-endian, as everything of ours on disk.
static_assert(std::endian::native == std::endian::little);

void add_number(XXH3_state_t& hash, std::int64_t number) { XXH3_64bits_update(&hash, &number, sizeof number); }

void add(XXH3_state_t& hash, sqlite3_value* value) {
  const auto type = static_cast<std::uint8_t>(sqlite3_value_type(value));
  XXH3_64bits_update(&hash, &type, sizeof type);
  if (type == SQLITE_NULL) return;
  if (type == SQLITE_INTEGER) return add_number(hash, sqlite3_value_int64(value));
  const void* bytes = sqlite3_value_blob(value);  // Of text, the same as its text.
  const int size = sqlite3_value_bytes(value);
  add_number(hash, size);
  if (size > 0) XXH3_64bits_update(&hash, bytes, static_cast<std::size_t>(size));
}

void row_checksum(sqlite3_context* context, int count, sqlite3_value** values) {
  XXH3_state_t hash;
  XXH3_64bits_reset(&hash);
  for (sqlite3_value* value : std::span(values, static_cast<std::size_t>(count))) add(hash, value);
  sqlite3_result_int64(context, std::bit_cast<std::int64_t>(XXH3_64bits_digest(&hash)));
}

}  // namespace

Result<void> add_row_checksum(sqlite3* connection) {
  // In statements of ours only: a schema that was tampered with cannot call it.
  const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  const int result = sqlite3_create_function_v2(connection, "row_checksum", -1, flags, nullptr, &row_checksum, nullptr,
                                                nullptr, nullptr);
  if (result != SQLITE_OK) return Error{Errc::io_error, "SQLite takes no function"};
  return Result<void>::ok();
}

}  // namespace coatcheck::journal::sqlite
