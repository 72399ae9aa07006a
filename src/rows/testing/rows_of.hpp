#pragma once

#include <arrow/api.h>
#include <arrow/json/from_string.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "rows/encoder.hpp"

// Small batches and their encodings, for tests.
namespace coatcheck::rows::testing {

template <class T>
T value_or_throw(arrow::Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}

inline void check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

// Makes an array from Arrow's own JSON notation.
inline std::shared_ptr<arrow::Array> array(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return value_or_throw(arrow::json::ArrayFromJSONString(type, json));
}

struct NamedArray {
  std::string name;
  std::shared_ptr<arrow::Array> values;
};

inline Batch batch(const std::vector<NamedArray>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const NamedArray& column : columns) {
    fields.push_back(arrow::field(column.name, column.values->type()));
    arrays.push_back(column.values);
  }
  const std::int64_t rows = arrays.empty() ? 0 : arrays.front()->length();
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(arrays));
}

// Returns the whole document of the batches, all of the first one's schema.
inline std::string encode(Format format, const std::vector<Batch>& batches) {
  auto encoder = make_encoder(format, batches.front()->schema());
  if (!encoder) throw std::runtime_error(encoder.error().message);
  std::string out;
  const auto must = [](const Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().message);
  };
  must((*encoder)->begin(out));
  for (const Batch& each : batches) must((*encoder)->append(*each, out));
  must((*encoder)->finish(out));
  return out;
}

// Returns the column's values as they stand in JSON and in CSV, one a line.
inline std::string in_json(const std::shared_ptr<arrow::Array>& values) {
  std::string text = encode(Format::ndjson, {batch({{"v", values}})});
  std::string bare;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    bare += text.substr(at + 5, end - at - 6) + "\n";
    at = end + 1;
  }
  return bare;
}

inline std::string in_csv(const std::shared_ptr<arrow::Array>& values) {
  const std::string text = encode(Format::csv, {batch({{"v", values}})});
  std::string bare;
  for (const char c : text.substr(3)) {
    if (c != '\r') bare += c;
  }
  return bare;
}

}  // namespace coatcheck::rows::testing
