#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.hpp"

namespace coatcheck {

struct CopiedData {
  std::uint64_t results = 0;
  std::uint64_t bytes = 0;  // Of those results' files.
};

// Copies a data directory, in which a server may be at work, so that a server can start on the copy: the journal as of
// one moment, every result that it then believed in, the keys, the secret and the sessions of drivers. The copy gets
// its name when it is whole and synced; until then it is `to` with ".partial" behind. Errors: conflict if something
// has the name already; io_error; corrupt if the journal cannot be read; not_found if there is none. Blocks.
// Damaged results are copied as they are: check the copy.
Result<CopiedData> copy_data(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace coatcheck
