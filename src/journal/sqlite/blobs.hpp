#pragma once

#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"

namespace coatcheck::journal::sqlite {

// The values that are stored as bytes in one column (docs/formats/journal.md, "Blobs"): binary, because
// every bit of a double and every byte of a string must come back. Bytes are held in strings.
//
// Decoding takes any bytes: what encoding cannot have made is Errc::corrupt.

// What is bound to the statement: its parameters, or its rows of them.
std::string encode_parameters(const coatcheck::Statement& statement);
// Whether rows of parameters were encoded, if anything was.
bool holds_rows(std::string_view bytes);
// Puts what is bound into a statement that has nothing bound yet.
Result<void> decode_parameters(std::string_view bytes, coatcheck::Statement& statement);

std::string encode_failure(const Failure& failure);
Result<Failure> decode_failure(std::string_view bytes);

}  // namespace coatcheck::journal::sqlite
