#pragma once

#include <cstdint>
#include <memory>

#include "rows/encoder.hpp"

// The families behind make_encoder(). The schema's names are unique already.
namespace coatcheck::rows {

// json, rows, ndjson and csv.
Result<std::unique_ptr<Encoder>> make_text_encoder(Format format, const Schema& schema);

Result<std::unique_ptr<Encoder>> make_arrow_encoder(const Schema& schema);

// A row group ends with the first batch, or slice of one, that reaches either bound.
struct RowGroupBounds {
  std::int64_t rows_max = 1'000'000;
  std::int64_t bytes_max = 64LL * 1024 * 1024;
};
Result<std::unique_ptr<Encoder>> make_parquet_encoder(const Schema& schema, RowGroupBounds bounds = {});

// Errc::corrupt if the batch is not one of `schema` (names aside) or its buffers are too short for it.
Result<void> check_batch(const arrow::RecordBatch& batch, const arrow::Schema& schema);

}  // namespace coatcheck::rows
