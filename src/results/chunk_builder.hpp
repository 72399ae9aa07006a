#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/ipc/options.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "results/spool.hpp"
#include "rows/batch.hpp"

namespace arrow::ipc {
class RecordBatchWriter;
}

namespace coatcheck::results {

// Bytes in memory that Arrow writes to.
class MemorySink final : public arrow::io::OutputStream {
 public:
  arrow::Status Write(const void* data, std::int64_t count) override;
  using arrow::io::OutputStream::Write;
  arrow::Result<std::int64_t> Tell() const override { return static_cast<std::int64_t>(bytes.size()); }
  arrow::Status Close() override;
  bool closed() const override { return false; }

  std::vector<std::byte> bytes;
};

// Makes one chunk after the other: rows in, an Arrow IPC stream out. Knows no files.
//
// Small batches are put together to larger ones on the way, for a column of a few rows neither compresses nor
// reads well. Holds the stream so far and up to a mebibyte of rows that are not encoded yet.
class ChunkBuilder {
 public:
  // A schema that cannot be written down is Errc::invalid_argument.
  static Result<std::unique_ptr<ChunkBuilder>> create(rows::Schema schema, Compression compression);
  ~ChunkBuilder();

  // The message that every chunk begins with.
  std::span<const std::byte> schema_message() const { return schema_message_; }

  // Adds the rows to the chunk; the stream is appended to `sink`, which must be the same until finish().
  Result<void> add(const rows::Batch& batch, MemorySink& sink);

  // Ends the stream; the next add() begins a new chunk. Only if rows() is not 0.
  Result<void> finish(MemorySink& sink);

  std::uint64_t rows() const { return rows_; }            // In this chunk so far.
  std::uint64_t raw_bytes() const { return raw_bytes_; }  // Of these, before compression.

 private:
  ChunkBuilder(rows::Schema schema, arrow::ipc::IpcWriteOptions options, std::vector<std::byte> schema_message);

  Result<void> encode_pending(MemorySink& sink);

  rows::Schema schema_;
  arrow::ipc::IpcWriteOptions options_;
  std::vector<std::byte> schema_message_;

  std::vector<rows::Batch> pending_;  // Not encoded yet.
  std::uint64_t pending_bytes_ = 0;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> stream_;
  std::uint64_t rows_ = 0;
  std::uint64_t raw_bytes_ = 0;
};

// How many bytes the rows of a batch take; of a slice, only its part; of a dictionary column, its indices.
std::uint64_t raw_bytes_of(const arrow::RecordBatch& batch);

// Batches of about this size are written; larger ones are cut.
inline constexpr std::uint64_t batch_bytes_target = std::uint64_t{1} << 20;

}  // namespace coatcheck::results
