#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace coatcheck {

// What a check looked at.
struct CheckedData {
  std::uint64_t queries = 0;
  std::uint64_t results = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;  // Of those results' files.
  std::uint64_t problems = 0;
};

// Reads all that is stored in a data directory, the journal and every result it believes in, and has `problem` told
// what is wrong, one line for each. Changes nothing; a server may be at work in the directory. Blocks, for as long as
// reading all of it takes. An error means that it could not be looked at.
Result<CheckedData> check_data(const std::filesystem::path& directory,
                               const std::function<void(const std::string&)>& problem);

}  // namespace coatcheck
