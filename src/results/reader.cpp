#include "results/reader.hpp"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "results/manifest_format.hpp"
#include "results/rendition.hpp"
#include "results/trouble.hpp"

namespace coatcheck::results {

namespace {

// Most footers fit into this much of the end, and small results fit whole.
constexpr std::uint64_t tail_bytes_first = 16 << 10;

Result<Footer> read_footer(const File& file, QueryId query) {
  auto size = file.size();
  if (!size) return std::move(size).error();
  if (*size < header_bytes + footer_bytes_min + trailer_bytes) return damaged("the file is too short");

  std::vector<std::byte> tail(std::min(*size, tail_bytes_first));
  if (auto got = file.read_at(*size - tail.size(), tail); !got) return std::move(got).error();
  const auto trailer = parse_trailer(std::span(tail).last(trailer_bytes), *size);
  if (!trailer) return Error(trailer.error());

  std::vector<std::byte> header(header_bytes);
  if (tail.size() == *size) {
    std::copy_n(tail.begin(), header_bytes, header.begin());
  } else if (auto got = file.read_at(0, header); !got) {
    return std::move(got).error();
  }
  if (auto good = parse_header(header); !good) return std::move(good).error();

  std::span<const std::byte> footer;
  std::vector<std::byte> long_footer;
  if (trailer->footer_bytes + trailer_bytes <= tail.size()) {
    footer = std::span(tail).subspan(tail.size() - trailer_bytes - trailer->footer_bytes, trailer->footer_bytes);
  } else {
    long_footer.resize(trailer->footer_bytes);
    if (auto got = file.read_at(*size - trailer_bytes - long_footer.size(), long_footer); !got) {
      return std::move(got).error();
    }
    footer = long_footer;
  }
  if (checksum_of(footer) != trailer->footer_checksum) return damaged("the footer's checksum does not match");
  auto parsed = parse_footer(footer, *size);
  if (parsed && parsed->query != query) return damaged("this is another query's result");
  return parsed;
}

class FileReader final : public Reader, public std::enable_shared_from_this<FileReader> {
 public:
  FileReader(std::shared_ptr<Store> store, std::unique_ptr<File> file, QueryId query, Footer footer)
      : store_(std::move(store)), file_(std::move(file)), query_(query), footer_(std::move(footer)) {}

  const Manifest& manifest() const override { return footer_.manifest; }
  std::unique_ptr<RowStream> rows(std::uint64_t offset, std::uint64_t limit) const override;
  const File& file() const override { return *file_; }

  Result<void> verify(std::size_t n) const override {
    auto bytes = read_chunk(n);
    if (!bytes) return std::move(bytes).error();
    return Result<void>::ok();
  }

  Result<std::shared_ptr<const File>> find_rendition(rows::Format format) const override {
    return results::find_rendition(*store_, query_, format);
  }

  std::unique_ptr<Rendition> make_rendition(rows::Format format) const override {
    return results::make_rendition(store_, shared_from_this(), query_, format);
  }

  // Returns the bytes of a chunk, which are those that were written.
  Result<std::shared_ptr<arrow::Buffer>> read_chunk(std::size_t n) const {
    if (n >= footer_.manifest.chunks.size()) return Error{Errc::invalid_argument, "there is no such chunk"};
    const Chunk& chunk = footer_.manifest.chunks[n];
    auto buffer = arrow::AllocateBuffer(static_cast<std::int64_t>(chunk.bytes));
    if (!buffer.ok()) return from_arrow(buffer.status(), Errc::resource_exhausted, "out of memory");
    const std::span bytes(reinterpret_cast<std::byte*>((*buffer)->mutable_data()), chunk.bytes);
    if (auto got = file_->read_at(chunk.offset, bytes); !got) return while_reading(std::move(got).error());
    if (checksum_of(bytes) != chunk.checksum) return damaged("the checksum of chunk " + std::to_string(n) + " differs");
    const auto& schema = footer_.schema_message;
    if (std::memcmp(bytes.data(), schema.data(), schema.size()) != 0) {
      return damaged("chunk " + std::to_string(n) + " has another schema");
    }
    return std::shared_ptr<arrow::Buffer>(std::move(buffer).ValueUnsafe());
  }

 private:
  std::shared_ptr<Store> store_;
  std::unique_ptr<File> file_;
  const QueryId query_;
  Footer footer_;
};

class ChunkedRows final : public RowStream {
 public:
  // The rows are there: begin <= end <= all of them.
  ChunkedRows(std::shared_ptr<const FileReader> reader, std::uint64_t begin, std::uint64_t end)
      : reader_(std::move(reader)), row_(begin), end_(end) {
    const auto& chunks = reader_->manifest().chunks;
    const auto after = std::upper_bound(chunks.begin(), chunks.end(), begin,
                                        [](std::uint64_t row, const Chunk& chunk) { return row < chunk.first_row; });
    chunk_ = after == chunks.begin() ? 0 : static_cast<std::size_t>(after - chunks.begin()) - 1;
  }

  Result<std::optional<rows::Batch>> next() override {
    while (row_ < end_) {
      if (!stream_) {
        if (auto opened = open_chunk(); !opened) return stop(std::move(opened).error());
      }
      rows::Batch batch;
      if (const auto read = stream_->ReadNext(&batch); !read.ok()) return stop(undecodable(read));
      if (!batch) {
        if (chunk_rows_left_ != 0) return stop(damaged("a chunk has fewer rows than the manifest says"));
        stream_.reset();
        ++chunk_;
        continue;
      }
      const auto count = static_cast<std::uint64_t>(batch->num_rows());
      if (count > chunk_rows_left_) return stop(damaged("a chunk has more rows than the manifest says"));
      chunk_rows_left_ -= count;
      // Where the batch begins and ends among all rows, and what of it is wanted.
      const Chunk& chunk = reader_->manifest().chunks[chunk_];
      const std::uint64_t batch_end = chunk.first_row + chunk.rows - chunk_rows_left_;
      if (batch_end <= row_) continue;
      if (const auto valid = batch->Validate(); !valid.ok()) return stop(undecodable(valid));
      const std::uint64_t skipped = row_ - (batch_end - count);
      const std::uint64_t wanted = std::min(batch_end, end_) - row_;
      row_ += wanted;
      if (wanted != count) batch = batch->Slice(static_cast<std::int64_t>(skipped), static_cast<std::int64_t>(wanted));
      return std::optional(std::move(batch));
    }
    stream_.reset();
    return std::optional<rows::Batch>();
  }

 private:
  Result<void> open_chunk() {
    auto bytes = reader_->read_chunk(chunk_);
    if (!bytes) return std::move(bytes).error();
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.use_threads = false;
    auto input = std::make_shared<arrow::io::BufferReader>(*std::move(bytes));
    auto stream = arrow::ipc::RecordBatchStreamReader::Open(std::move(input), options);
    if (!stream.ok()) return undecodable(stream.status());
    stream_ = std::move(stream).ValueUnsafe();
    chunk_rows_left_ = reader_->manifest().chunks[chunk_].rows;
    return Result<void>::ok();
  }

  static Error undecodable(const arrow::Status& status) {
    return from_arrow(status, Errc::corrupt, "the stored result is damaged");
  }

  // A stream that has failed yields nothing more.
  Error stop(Error error) {
    stream_.reset();
    row_ = end_;
    return error;
  }

  std::shared_ptr<const FileReader> reader_;
  std::uint64_t row_;  // The next one to give out.
  const std::uint64_t end_;
  std::size_t chunk_ = 0;
  std::uint64_t chunk_rows_left_ = 0;  // Not decoded yet.
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> stream_;
};

std::unique_ptr<RowStream> FileReader::rows(std::uint64_t offset, std::uint64_t limit) const {
  const std::uint64_t begin = std::min(offset, footer_.manifest.rows);
  const std::uint64_t end = begin + std::min(limit, footer_.manifest.rows - begin);
  return std::make_unique<ChunkedRows>(shared_from_this(), begin, end);
}

}  // namespace

Result<std::shared_ptr<const Reader>> make_reader(std::shared_ptr<Store> store, std::unique_ptr<File> file,
                                                  QueryId query) {
  auto footer = read_footer(*file, query);
  if (!footer) return while_reading(std::move(footer).error());
  return std::shared_ptr<const Reader>(
      std::make_shared<FileReader>(std::move(store), std::move(file), query, *std::move(footer)));
}

}  // namespace coatcheck::results
