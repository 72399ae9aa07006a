#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "base/files.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "results/manifest.hpp"
#include "rows/batch.hpp"
#include "rows/format.hpp"

namespace coatcheck::results {

// Error::field of a resource_exhausted that is the result's own: it is larger than one may be, and always will be.
inline constexpr const char* result_itself = "result";

// How the buffers inside chunks are compressed. Readers take any.
enum class Compression { none, lz4, zstd };

struct SpoolOptions {
  std::filesystem::path directory = {};
  std::uint64_t disk_bytes_max = std::uint64_t{64} << 30;    // Of all results together.
  std::uint64_t result_bytes_max = std::uint64_t{16} << 30;  // Of one result.
  std::uint64_t chunk_rows_max = 131'072;
  std::uint64_t chunk_bytes_max = std::uint64_t{8} << 20;  // Before compression.
  Compression compression = Compression::lz4;
};

class Spool;

// Writes one result, batch by batch, then seals it. All calls block on the disk, so they belong on a
// pool; one at a time. Destroying an unsealed writer removes what it wrote. The spool must outlive it.
class Writer {
 public:
  virtual ~Writer() = default;

  // Appends the rows. Errc::resource_exhausted when a limit of SpoolOptions is reached, with words for
  // the client; the result can then not be sealed any more.
  virtual Result<void> append(rows::Batch batch) = 0;

  // Makes the result whole and durable, all or nothing: afterwards, also after a power cut, Spool::open()
  // finds every row of it; before, nothing.
  virtual Result<Manifest> seal(bool truncated) = 0;

  virtual std::uint64_t rows() const = 0;
  virtual std::uint64_t bytes() const = 0;  // Written so far.
};

// Reads rows of a result in order, from some row on. Blocks; one call at a time.
class RowStream {
 public:
  virtual ~RowStream() = default;
  // Returns the next rows, nothing at the end. Stored bytes that do not match their checksum are
  // Errc::corrupt and nothing of them is returned.
  virtual Result<std::optional<rows::Batch>> next() = 0;
};

// A result in another format as a file of its own, being made. It is a cache: not synced, gone with the next
// start, and dropped when a result needs the room. The same rows always make the same bytes.
//
// Those who want the same rendition at the same time make one file together: each call does the next piece, and
// it goes on as long as one of them is left. Destroying the last one before the end removes what was made.
// Each is used by one thread at a time, and outlives the spool if it must.
class Rendition {
 public:
  virtual ~Rendition() = default;

  // Makes a little more (some rows); returns the file when all of it is there, before that nothing. Blocks on
  // the disk. Errors: resource_exhausted (no room, with words for the client), invalid_argument (the format
  // cannot hold a column), gone (the result was removed meanwhile), corrupt, io_error. An error is final and leaves
  // no file.
  virtual Result<std::shared_ptr<const File>> advance() = 0;
};

// One sealed result, open for reading. Any thread, any number at once. Stays readable while it is held,
// even if the result is removed meanwhile.
class Reader {
 public:
  virtual ~Reader() = default;

  virtual const Manifest& manifest() const = 0;

  // Rows [offset, offset + limit), without reading what is before them but for the rest of one chunk.
  // An offset past the end gives an empty stream. The stream keeps the reader alive.
  virtual std::unique_ptr<RowStream> rows(std::uint64_t offset, std::uint64_t limit) const = 0;

  // The file with the chunks' bytes, for sending them as they are (Manifest has the places).
  virtual const File& file() const = 0;

  // Checks the bytes of chunk `n` against its checksum: Errc::corrupt if they differ. Blocks.
  virtual Result<void> verify(std::size_t n) const = 0;

  // The whole result in another format, if that file has been made; nothing if not. Blocks. The file stays
  // readable while it is held.
  virtual Result<std::shared_ptr<const File>> find_rendition(rows::Format format) const = 0;

  // Begins to make that file, or joins those who are at it; if it is there already, the first advance() returns it.
  virtual std::unique_ptr<Rendition> make_rendition(rows::Format format) const = 0;
};

// Where results are kept: one file each, with its renditions beside it, under one directory, within a disk
// quota. Safe from any thread;
// blocks on the disk.
class Spool {
 public:
  // Makes the directory if it is not there, and measures what is in it.
  static Result<std::unique_ptr<Spool>> open(SpoolOptions options, Files& files);

  virtual ~Spool() = default;

  // Begins the result of `query`. What an earlier attempt left unsealed is removed; a sealed one, or one
  // that another writer is at, is Errc::conflict.
  virtual Result<std::unique_ptr<Writer>> create(QueryId query, rows::Schema schema) = 0;

  // Errc::not_found if there is no sealed result; Errc::corrupt if its manifest cannot be trusted.
  virtual Result<std::shared_ptr<const Reader>> read(QueryId query) = 0;

  // Removes the result and its renditions, also those that are being made. Removing what is not there is no error.
  virtual Result<void> remove(QueryId query) = 0;

  struct Swept {
    std::uint64_t unfinished = 0;  // Files of writers that never sealed.
    std::uint64_t orphans = 0;     // Sealed results that nobody wants.
    std::uint64_t renditions = 0;
    std::uint64_t bytes = 0;
  };
  // Removes unsealed files, every rendition, and every sealed result that `wanted` denies. Only when no writer
  // and no rendition is open: at the start.
  virtual Result<Swept> sweep(const std::function<bool(QueryId)>& wanted) = 0;

  virtual std::uint64_t bytes_used() const = 0;
  virtual std::uint64_t bytes_max() const = 0;
};

}  // namespace coatcheck::results
