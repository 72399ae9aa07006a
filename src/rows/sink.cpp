#include "rows/sink.hpp"

#include <arrow/status.h>

namespace coatcheck::rows {

arrow::Status StringSink::Close() {
  is_closed_ = true;
  return arrow::Status::OK();
}

arrow::Status StringSink::Write(const void* data, std::int64_t bytes) {
  if (out_ == nullptr) return arrow::Status::Invalid("nothing is to be written now");
  out_->append(static_cast<const char*>(data), static_cast<std::size_t>(bytes));
  written_ += bytes;
  return arrow::Status::OK();
}

}  // namespace coatcheck::rows
