#include "rows/encoder.hpp"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "rows/encoders.hpp"
#include "rows/names.hpp"

namespace coatcheck::rows {

Result<std::unique_ptr<Encoder>> make_encoder(Format format, Schema schema) {
  const Schema unique = with_unique_names(schema);
  switch (format) {
    case Format::json:
    case Format::rows:
    case Format::ndjson:
    case Format::csv: return make_text_encoder(format, unique);
    case Format::arrow: return make_arrow_encoder(unique);
    case Format::parquet: return make_parquet_encoder(unique);
  }
  return Error{Errc::invalid_argument, "unknown format"};
}

Result<void> check_batch(const arrow::RecordBatch& batch, const arrow::Schema& schema) {
  if (batch.num_columns() != schema.num_fields()) {
    return Error{Errc::corrupt,
                 fmt::format("a batch has {} columns, its schema {}", batch.num_columns(), schema.num_fields())};
  }
  for (int i = 0; i < batch.num_columns(); ++i) {
    const auto& type = schema.field(i)->type();
    if (!batch.schema()->field(i)->type()->Equals(type)) {
      return Error{Errc::corrupt, fmt::format("column \"{}\" of a batch is not of type {}", schema.field(i)->name(),
                                              type->ToString())};
    }
  }
  if (const arrow::Status valid = batch.Validate(); !valid.ok()) {
    return Error{Errc::corrupt, "a batch is not valid: " + valid.message()};
  }
  return Result<void>::ok();
}

}  // namespace coatcheck::rows
