#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "rows/batch.hpp"

namespace coatcheck::warehouse::adbc {

// The types of a statement's parameters, in their order, as far as the driver knows them; empty if it knows nothing.
using ExpectedTypes = std::vector<std::shared_ptr<arrow::DataType>>;

// Returns rows of parameters, of `width` each, as what ADBC binds: one column for each parameter. A value has the
// type that it names; without one, a text has the type that is expected and other values have their own. NULL is of
// the type of its column. A failure says which parameter is wrong.
Result<rows::Batch, Failure> to_batch(std::span<const Parameter> cells, std::size_t width,
                                      const ExpectedTypes& expected);

}  // namespace coatcheck::warehouse::adbc
