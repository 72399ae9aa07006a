#include "results/chunk_builder.hpp"

#include <arrow/array/array_dict.h>
#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "results/trouble.hpp"

namespace coatcheck::results {

namespace {

arrow::Result<std::shared_ptr<arrow::util::Codec>> make_codec(Compression compression) {
  switch (compression) {
    case Compression::none: return nullptr;
    case Compression::lz4: return arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME);
    case Compression::zstd: return arrow::util::Codec::Create(arrow::Compression::ZSTD, 1);
  }
  return arrow::Status::Invalid("no such compression");
}

Error not_storable(const arrow::Status& status) {
  return from_arrow(status, Errc::invalid_argument, "the rows have a type that cannot be stored");
}

}  // namespace

arrow::Status MemorySink::Write(const void* data, std::int64_t count) {
  const auto* begin = static_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), begin, begin + count);
  return arrow::Status::OK();
}

arrow::Status MemorySink::Close() { return arrow::Status::OK(); }

std::uint64_t raw_bytes_of(const arrow::RecordBatch& batch) {
  std::uint64_t sum = 0;
  for (const auto& column : batch.columns()) {
    const arrow::Array* counted = column.get();
    if (column->type_id() == arrow::Type::DICTIONARY) {
      counted = static_cast<const arrow::DictionaryArray&>(*column).indices().get();
    }
    const auto referenced = arrow::util::ReferencedBufferSize(*counted);
    sum += static_cast<std::uint64_t>(referenced.ok() ? *referenced : arrow::util::TotalBufferSize(*counted));
  }
  return sum;
}

Result<std::unique_ptr<ChunkBuilder>> ChunkBuilder::create(rows::Schema schema, Compression compression) {
  auto codec = make_codec(compression);
  if (!codec.ok()) return from_arrow(codec.status(), Errc::io_error, "the result could not be stored");
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.codec = std::move(codec).ValueUnsafe();
  options.use_threads = false;  // One result keeps one thread busy, not all of them.
  auto message = arrow::ipc::SerializeSchema(*schema);
  if (!message.ok()) return not_storable(message.status());
  const auto* begin = reinterpret_cast<const std::byte*>((*message)->data());
  std::vector<std::byte> bytes(begin, begin + (*message)->size());
  return std::unique_ptr<ChunkBuilder>(new ChunkBuilder(std::move(schema), std::move(options), std::move(bytes)));
}

ChunkBuilder::ChunkBuilder(rows::Schema schema, arrow::ipc::IpcWriteOptions options,
                           std::vector<std::byte> schema_message)
    : schema_(std::move(schema)), options_(std::move(options)), schema_message_(std::move(schema_message)) {}

ChunkBuilder::~ChunkBuilder() = default;

Result<void> ChunkBuilder::add(const rows::Batch& batch, MemorySink& sink) {
  const std::uint64_t bytes = raw_bytes_of(*batch);
  if (!pending_.empty() && pending_bytes_ + bytes > batch_bytes_target) {
    if (auto encoded = encode_pending(sink); !encoded) return encoded;
  }
  pending_.push_back(batch);
  pending_bytes_ += bytes;
  rows_ += static_cast<std::uint64_t>(batch->num_rows());
  raw_bytes_ += bytes;
  // A large batch is not kept for company: it may hold much more memory than its rows.
  return pending_bytes_ >= batch_bytes_target ? encode_pending(sink) : Result<void>::ok();
}

Result<void> ChunkBuilder::encode_pending(MemorySink& sink) {
  if (pending_.empty()) return Result<void>::ok();
  if (!stream_) {
    auto stream = arrow::ipc::MakeStreamWriter(&sink, schema_, options_);
    if (!stream.ok()) return not_storable(stream.status());
    stream_ = std::move(stream).ValueUnsafe();
  }
  std::vector<rows::Batch> batches = std::exchange(pending_, {});
  pending_bytes_ = 0;
  if (batches.size() > 1) {
    // Types that cannot be put together (unions, dictionaries that outgrow their index) stay apart.
    auto together = arrow::ConcatenateRecordBatches(batches);
    if (together.ok()) batches = {std::move(together).ValueUnsafe()};
  }
  for (const rows::Batch& batch : batches) {
    if (const auto written = stream_->WriteRecordBatch(*batch); !written.ok()) return not_storable(written);
  }
  return Result<void>::ok();
}

Result<void> ChunkBuilder::finish(MemorySink& sink) {
  assert(rows_ != 0);
  if (auto encoded = encode_pending(sink); !encoded) return encoded;
  const auto closed = stream_->Close();
  stream_.reset();
  rows_ = 0;
  raw_bytes_ = 0;
  if (!closed.ok()) return not_storable(closed);
  return Result<void>::ok();
}

}  // namespace coatcheck::results
