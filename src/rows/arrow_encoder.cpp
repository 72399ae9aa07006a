#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "rows/encoders.hpp"
#include "rows/sink.hpp"

namespace coatcheck::rows {
namespace {

Error failed(const arrow::Status& status) { return {Errc::invalid_argument, "Arrow stream: " + status.message()}; }

Result<void> outcome(const arrow::Status& status) {
  if (!status.ok()) return failed(status);
  return Result<void>::ok();
}

// Uncompressed: Content-Encoding compresses every format alike, and some readers know no codec.
class ArrowEncoder final : public Encoder {
 public:
  explicit ArrowEncoder(Schema schema) : schema_(std::move(schema)) {}

  Result<void> begin(std::string& out) override {
    const StringSink::Loan loan(sink_, out);
    auto writer = arrow::ipc::MakeStreamWriter(&sink_, schema_);
    if (!writer.ok()) return failed(writer.status());
    writer_ = *std::move(writer);
    return Result<void>::ok();
  }

  Result<void> append(const arrow::RecordBatch& batch, std::string& out) override {
    if (Result<void> checked = check_batch(batch, *schema_); !checked) return checked;
    const StringSink::Loan loan(sink_, out);
    const auto renamed = arrow::RecordBatch::Make(schema_, batch.num_rows(), batch.columns());
    return outcome(writer_->WriteRecordBatch(*renamed));
  }

  Result<void> finish(std::string& out) override {
    const StringSink::Loan loan(sink_, out);
    return outcome(writer_->Close());
  }

 private:
  Schema schema_;
  StringSink sink_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_arrow_encoder(const Schema& schema) {
  return std::unique_ptr<Encoder>(std::make_unique<ArrowEncoder>(schema));
}

}  // namespace coatcheck::rows
