#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "rows/batch.hpp"
#include "rows/format.hpp"

namespace coatcheck::rows {

// Writes rows in one format, a piece at a time: begin(), append() for each batch, finish(). What it
// appends to `out`, in order, is the document; memory stays bounded by one batch (for Parquet, by one
// row group). An encoder that has failed is of no more use.
//
// Not safe for concurrent use; may move between threads from call to call.
class Encoder {
 public:
  virtual ~Encoder() = default;

  virtual Result<void> begin(std::string& out) = 0;
  virtual Result<void> append(const arrow::RecordBatch& batch, std::string& out) = 0;
  virtual Result<void> finish(std::string& out) = 0;
};

// Returns an encoder for batches of `schema`. A type that `format` cannot hold is Errc::invalid_argument
// and names the column.
Result<std::unique_ptr<Encoder>> make_encoder(Format format, Schema schema);

}  // namespace coatcheck::rows
