#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace coatcheck::warehouse::adbc {

// Returns the type in which a text is read that names its type so; null if there is no such name. A decimal without
// digits in its name is decimal256(76, 0), which stands for as many as the text has.
std::shared_ptr<arrow::DataType> named_type(const std::string& name);

// Whether read_text() knows texts of this type.
bool can_be_read(const arrow::DataType& type);

// Reads a text as a value of the type. The error says what is wrong with it.
Result<std::shared_ptr<arrow::Scalar>, std::string> read_text(const std::string& text,
                                                              const std::shared_ptr<arrow::DataType>& type);

// How many digits the text of a number has after its point.
std::int32_t scale_of(std::string_view text);

}  // namespace coatcheck::warehouse::adbc
