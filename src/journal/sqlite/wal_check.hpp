#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace coatcheck::journal::sqlite {

// Checks the frames of a write-ahead log (https://sqlite.org/fileformat2.html#walformat) against their checksums.
// Returns what is wrong, nothing if all is well or there is no log. SQLite takes the first bad frame for the torn tail
// of a crash and forgets all that follows; here it is damage if commits follow, because no commit begins before the
// one before it is on disk. So damage in the last commit cannot be told from a torn tail, and is not reported.
// A process may be writing the log meanwhile. Blocks.
Result<std::optional<std::string>> check_wal(const std::filesystem::path& wal);

}  // namespace coatcheck::journal::sqlite
