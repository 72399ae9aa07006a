#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "principals/keyring.hpp"

namespace coatcheck::principals {

// More keys than this are refused: the file is read whole, by a server that must not stop for it.
inline constexpr std::size_t keys_max = 10'000;
inline constexpr std::size_t key_file_bytes_max = std::size_t{8} << 20;

// Returns the bytes of a key file (docs/formats/keys.md) with these keys.
std::string write_key_file(const std::vector<Key>& keys);

// Reads them back. Errc::corrupt, saying what is wrong, for anything that write_key_file() does not write.
Result<std::vector<Key>> read_key_file(std::string_view text);

}  // namespace coatcheck::principals
