#pragma once

#include <cstdint>
#include <memory>

#include "rows/batch.hpp"
#include "rows/encoder.hpp"

// Rows as Snowflake's clients read them. Columns are those of describe() (column.hpp), docs/snowflake-types.md has the
// text of every type. Sources: Snowflake's documentation of the SQL API ("Handling responses") and the
// readers of its drivers for Python, JDBC, Node and Go.
//
// What append() refuses, with Errc::invalid_argument and the column's name in `field`: an infinite date or timestamp,
// and a time of day outside 00:00:00 to 23:59:59.999…. Neither protocol has a form for them, and NULL or
// another value would be a lie. Casting the column to VARCHAR lets them through. Errc::corrupt: a batch of another
// schema, or a value that is written anew and lies outside its buffers. After a refusal what was appended to `out`
// is to be thrown away.
namespace coatcheck::rows::snowflake {

enum class Dialect : std::uint8_t {
  driver,   // Rowsets and JSON chunks of the drivers' protocol: booleans are "1" and "0".
  sql_api,  // `data` of the SQL API: "true" and "false", and always nine digits after a second.
};

// Returns an encoder whose document is the rows without the brackets around them: `["1",null],["2","x"]`. That is
// what a chunk of the drivers' protocol holds; between brackets it is a `rowset` or `data`. Every value is a
// string or null. begin() and finish() write nothing.
// Errc::invalid_argument for a type nested more than 64 deep, with the column's name.
Result<std::unique_ptr<Encoder>> make_rowset_encoder(const Schema& schema, Dialect dialect);

// Returns an encoder whose document is an Arrow IPC stream in the types that the drivers accept, neither
// compressed nor with dictionaries, each field with the metadata that they read (`logicalType`, `precision`,
// `scale`, …). In base64 it is a `rowsetBase64`. Batches without rows are left out, for the Python driver reads a
// row from every batch; a result without rows is better sent as "".
// Errc::invalid_argument as above; Errc::resource_exhausted if a batch's values as text take 2 GiB.
Result<std::unique_ptr<Encoder>> make_arrow_encoder(const Schema& schema);

}  // namespace coatcheck::rows::snowflake
