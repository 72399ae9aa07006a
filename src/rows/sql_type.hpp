#pragma once

#include <arrow/type_fwd.h>

#include <string>

namespace coatcheck::rows {

// Returns what the type is called in SQL, in the words of DuckDB: "BIGINT", "DECIMAL(10,2)", "VARCHAR[]",
// "STRUCT(\"a\" BIGINT)". docs/encodings.md has the table.
std::string sql_type_name(const arrow::DataType& type);

}  // namespace coatcheck::rows
