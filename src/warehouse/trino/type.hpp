#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "warehouse/trino/json_reader.hpp"

namespace coatcheck::warehouse::trino {

// A type of Trino's, as the protocol describes it.
struct Type {
  std::string name;                        // "bigint", "timestamp with time zone", "row"; in lower case.
  std::vector<std::int64_t> numbers = {};  // Precision, scale, length.
  std::vector<Type> parts = {};            // Of an array, map or row.
  std::vector<std::string> fields = {};    // The names of a row's parts.
};

// Types nested deeper are refused.
inline constexpr int type_depth_max = 24;

// Reads a `typeSignature`; nothing if it is not one.
std::optional<Type> read_type(JsonReader& json, int depth = 0);

// Returns the Arrow type that holds all values of the type (docs/warehouses/trino.md has the table).
std::shared_ptr<arrow::DataType> arrow_type(const Type& type);

}  // namespace coatcheck::warehouse::trino
