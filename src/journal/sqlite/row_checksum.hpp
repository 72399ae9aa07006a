#pragma once

#include "base/result.hpp"

struct sqlite3;

namespace coatcheck::journal::sqlite {

// Adds to a connection the SQL function row_checksum(…), of any number of values: the first 64 bits of XXH3 over the
// type, the length and the bytes of each, in their order (docs/formats/journal.md). A row keeps that of its values, so
// that a bit that has flipped on its disk is not taken for what was written.
Result<void> add_row_checksum(sqlite3* connection);

}  // namespace coatcheck::journal::sqlite
