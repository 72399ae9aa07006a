#include "results/writer.hpp"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>
#include <utility>

#include "base/byte_size.hpp"
#include "base/fail_point.hpp"
#include "results/chunk_builder.hpp"
#include "results/layout.hpp"
#include "results/manifest_format.hpp"
#include "results/trouble.hpp"

namespace coatcheck::results {

namespace {

class FileWriter final : public Writer {
 public:
  FileWriter(Store& store, QueryId query, rows::Schema schema, std::unique_ptr<ChunkBuilder> builder)
      : store_(store),
        query_(query),
        sealed_path_(sealed_path(store.options.directory, query)),
        partial_path_(partial_path(store.options.directory, query)),
        builder_(std::move(builder)) {
    manifest_.schema = std::move(schema);
    manifest_.schema_bytes = builder_->schema_message().size();
    write_header(sink_.bytes);
  }

  ~FileWriter() override {
    if (!sealed_) discard();
    const std::lock_guard lock(store_.mutex);
    store_.writing.erase(query_);
  }

  Result<void> append(rows::Batch batch) override {
    if (auto usable = check_usable(); !usable) return usable;
    if (!batch) return Error{Errc::invalid_argument, "no batch"};
    if (batch->schema() != manifest_.schema && !batch->schema()->Equals(*manifest_.schema, false)) {
      return failed({Errc::invalid_argument, "the rows do not have the columns that the result began with"});
    }
    while (batch->num_rows() != 0) {
      const std::uint64_t room = std::max<std::uint64_t>(store_.options.chunk_rows_max, 1) - builder_->rows();
      const auto fitting = static_cast<std::int64_t>(std::min(room, static_cast<std::uint64_t>(batch->num_rows())));
      if (auto added = add(fitting == batch->num_rows() ? batch : batch->Slice(0, fitting)); !added) {
        return failed(std::move(added).error());
      }
      batch = batch->Slice(fitting);
    }
    return Result<void>::ok();
  }

  Result<Manifest> seal(bool truncated) override {
    if (auto usable = check_usable(); !usable) return std::move(usable).error();
    auto sealed = write_sealed(truncated);
    if (!sealed) return failed(std::move(sealed).error()).error();
    sealed_ = true;
    return manifest_;
  }

  std::uint64_t rows() const override { return manifest_.rows + builder_->rows(); }
  std::uint64_t bytes() const override { return written_ + sink_.bytes.size(); }

 private:
  Result<void> check_usable() const {
    if (sealed_) return Error{Errc::conflict, "the result is sealed"};
    if (failure_) return Error(*failure_);
    return Result<void>::ok();
  }

  // Adds rows that fit into the chunk by their number, cutting them until they fit by their bytes.
  Result<void> add(const rows::Batch& batch) {
    const std::uint64_t chunk_bytes_max = store_.options.chunk_bytes_max;
    const std::uint64_t bytes = raw_bytes_of(*batch);
    if (bytes > std::min(batch_bytes_target, chunk_bytes_max) && batch->num_rows() > 1) {
      const std::int64_t half = batch->num_rows() / 2;
      const rows::Batch front = batch->Slice(0, half);
      const rows::Batch back = batch->Slice(half);
      // Some types (views) share buffers that cannot be cut: each half would be written with all of them.
      if (raw_bytes_of(*front) + raw_bytes_of(*back) <= bytes + bytes / 2) {
        if (auto added = add(front); !added) return added;
        return add(back);
      }
    }
    if (builder_->rows() != 0 && builder_->raw_bytes() + bytes > chunk_bytes_max) {
      if (auto finished = finish_chunk(); !finished) return finished;
    }
    // A finished chunk stays in memory until another begins: so the last one is written with the footer, and
    // a small result in one go.
    if (builder_->rows() == 0 && !manifest_.chunks.empty()) {
      if (auto written = write_out(); !written) return written;
    }
    if (builder_->rows() == 0) chunk_begin_ = sink_.bytes.size();
    if (auto added = builder_->add(batch, sink_); !added) return added;
    // Dictionaries do not count as rows' bytes, but they are in memory all the same.
    const bool full = builder_->rows() >= store_.options.chunk_rows_max || builder_->raw_bytes() >= chunk_bytes_max ||
                      sink_.bytes.size() - chunk_begin_ >= 2 * chunk_bytes_max;
    return full ? finish_chunk() : Result<void>::ok();
  }

  Result<void> finish_chunk() {
    Chunk chunk{.first_row = manifest_.rows, .rows = builder_->rows(), .offset = written_ + chunk_begin_};
    if (auto finished = builder_->finish(sink_); !finished) return finished;
    const auto bytes = std::span<const std::byte>(sink_.bytes).subspan(chunk_begin_);
    const auto schema = builder_->schema_message();
    assert(bytes.size() % 8 == 0 && std::equal(schema.begin(), schema.end(), bytes.begin()));
    chunk.bytes = bytes.size();
    chunk.checksum = checksum_of(bytes);
    manifest_.rows += chunk.rows;
    manifest_.chunks.push_back(chunk);
    if (footer_size(schema.size(), manifest_.chunks.size()) > footer_bytes_max) {
      return Error{Errc::resource_exhausted, "the result has more chunks than can be kept", result_itself};
    }
    return Result<void>::ok();
  }

  // Appends what is in memory to the file, within the limits.
  Result<void> write_out() {
    const std::uint64_t bytes = sink_.bytes.size();
    const std::uint64_t result_max = store_.options.result_bytes_max;
    if (written_ > result_max || bytes > result_max - written_) {
      return Error{Errc::resource_exhausted,
                   "the result is larger than " + human_bytes(result_max) + ", the most that is kept of one result",
                   result_itself};
    }
    if (auto reserved = store_.reserve_for_result(bytes); !reserved) return reserved;
    reserved_ += bytes;
    if (!file_) {
      auto file = store_.files.create(partial_path_);
      if (!file) return while_storing(std::move(file).error());
      file_ = *std::move(file);
      fail_point("spool.created");
    }
    if (auto appended = file_->append(sink_.bytes); !appended) return while_storing(std::move(appended).error());
    fail_point("spool.written");
    written_ += bytes;
    sink_.bytes.clear();
    return Result<void>::ok();
  }

  Result<void> write_sealed(bool truncated) {
    if (builder_->rows() != 0) {
      if (auto finished = finish_chunk(); !finished) return finished;
    }
    manifest_.truncated = truncated;
    write_manifest(query_, manifest_, builder_->schema_message(), sink_.bytes);
    if (auto written = write_out(); !written) return written;
    manifest_.bytes = written_;
    fail_point("spool.unsynced");
    if (auto synced = file_->sync(); !synced) return while_storing(std::move(synced).error());

    // From here on every row is on the disk; the name makes it a result, and the folder's sync keeps the name.
    named_ = true;
    fail_point("spool.synced");
    if (auto renamed = store_.files.rename(partial_path_, sealed_path_); !renamed) {
      return while_storing(std::move(renamed).error());
    }
    fail_point("spool.renamed");
    if (auto synced = store_.files.sync_directory(sealed_path_.parent_path()); !synced) {
      return while_storing(std::move(synced).error());
    }
    file_.reset();
    fail_point("spool.sealed");
    return Result<void>::ok();
  }

  // Ends the writer: what it wrote is removed now, for its owner may keep it around.
  Result<void> failed(Error error) {
    failure_ = error;
    discard();
    return error;
  }

  // Removes what was written and gives its bytes back. What cannot be removed now stays counted by its size,
  // and goes with the next attempt or sweep.
  void discard() {
    store_.settle(file_.get(), std::exchange(reserved_, 0));
    if (!file_) return;
    file_.reset();
    [[maybe_unused]] auto partial_removed = store_.remove(partial_path_);
    // A rename that was reported as failed may have happened.
    if (named_) {
      [[maybe_unused]] auto sealed_removed = store_.remove(sealed_path_);
    }
  }

  Store& store_;
  const QueryId query_;
  const std::filesystem::path sealed_path_;
  const std::filesystem::path partial_path_;
  std::unique_ptr<ChunkBuilder> builder_;

  MemorySink sink_;              // Encoded, but not in the file yet.
  std::size_t chunk_begin_ = 0;  // Where in the sink the chunk being built begins.
  std::unique_ptr<File> file_;   // From the first write on.
  std::uint64_t written_ = 0;
  std::uint64_t reserved_ = 0;  // Of the quota.
  bool named_ = false;          // The file may have its final name.
  bool sealed_ = false;
  std::optional<Error> failure_;
  Manifest manifest_;
};

}  // namespace

Result<std::unique_ptr<Writer>> make_writer(Store& store, QueryId query, rows::Schema schema) {
  auto builder = ChunkBuilder::create(schema, store.options.compression);
  if (!builder) return std::move(builder).error();
  return std::unique_ptr<Writer>(std::make_unique<FileWriter>(store, query, std::move(schema), *std::move(builder)));
}

}  // namespace coatcheck::results
