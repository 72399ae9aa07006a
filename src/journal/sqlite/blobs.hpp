#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"

namespace coatcheck::journal::sqlite {

// The values that are stored as bytes in one column (docs/formats/journal.md, "Blobs"): binary, because
// every bit of a double and every byte of a string must come back. Bytes are held in strings.
//
// Decoding takes any bytes: what encoding cannot have made is Errc::corrupt.

std::string encode_parameters(const std::vector<Parameter>& parameters);
Result<std::vector<Parameter>> decode_parameters(std::string_view bytes);

std::string encode_failure(const Failure& failure);
Result<Failure> decode_failure(std::string_view bytes);

}  // namespace coatcheck::journal::sqlite
