#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"

namespace coatcheck::warehouse::trino {

// The only place where SQL is made from values. Trino binds no parameters in its protocol; EXECUTE IMMEDIATE '…' USING
// … takes expressions. So each value becomes a literal, of characters that cannot end it (a quote is doubled; Trino
// knows no other escape in '…'), and each type name is taken apart and written anew from words that are known here.

// Returns `text` as a literal of Trino's. The text is valid UTF-8.
std::string text_literal(std::string_view text);

// Returns the value as an expression of Trino's: NULL, TRUE, 42, DOUBLE '1.5', 'text', or CAST('text' AS type) if the
// parameter names a type. `place` counts from 0 and is for the words of a failure.
Result<std::string, Failure> literal(const Parameter& parameter, std::size_t place);

// A statement with its parameters, as it is sent.
struct Bound {
  std::string text;
  std::size_t columns_before = 0;  // Characters in front of the client's statement.
};
Result<Bound, Failure> bind(std::string_view statement, std::span<const Parameter> parameters);

}  // namespace coatcheck::warehouse::trino
