#pragma once

#include <span>

#include "journal/sqlite/database.hpp"

namespace coatcheck::journal::sqlite {

// One step from a schema version to the next.
using Migration = Result<void> (*)(Database& database);

// The steps of docs/formats/journal.md: the first makes version 1 out of an empty file.
std::span<const Migration> migrations();

// Takes the file from the version it has (PRAGMA user_version) to the number of `steps`, each step in a
// transaction of its own: after a failure the file is at the version before it. A version past the steps
// is Errc::conflict; somebody else's database is Errc::corrupt.
Result<void> migrate(Database& database, std::span<const Migration> steps);

}  // namespace coatcheck::journal::sqlite
