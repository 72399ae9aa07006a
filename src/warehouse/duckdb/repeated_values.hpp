#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace coatcheck::warehouse::duckdb {

// The same INSERT with its one row of VALUES so many times: what was parameter c (from 1) of `width` is parameter
// `width` * k + c in the k-th row, from 0.
//
// Nothing if that might not do the same as one run for each row: if a row is more than parameters, constants, casts and
// DEFAULT, for it may read the table; if there is ON CONFLICT, for one run may not meet a key twice; and if it is no
// such statement.
std::optional<std::string> with_repeated_values(const std::string& text, std::size_t width, std::size_t times);

}  // namespace coatcheck::warehouse::duckdb
