#include "api/native/stored_arrow.hpp"

#include <string>
#include <utility>

#include "rows/encoder.hpp"

namespace coatcheck::api::native {

namespace {

// The end mark of an Arrow IPC stream: a continuation marker and a length of zero.
const std::string end_mark("\xFF\xFF\xFF\xFF\x00\x00\x00\x00", 8);

http::FileSlice slice(const std::shared_ptr<const results::Reader>& reader, std::uint64_t offset, std::uint64_t bytes) {
  return {.owner = reader, .descriptor = reader->file().descriptor(), .offset = offset, .bytes = bytes};
}

}  // namespace

Result<std::vector<http::Segment>> stored_arrow(std::shared_ptr<const results::Reader> reader) {
  const results::Manifest& manifest = reader->manifest();
  std::vector<http::Segment> segments;
  if (manifest.chunks.empty()) {
    // Nothing was stored but the schema, so the stream is made here.
    auto encoder = rows::make_encoder(rows::Format::arrow, manifest.schema);
    if (!encoder) return std::move(encoder).error();
    std::string text;
    if (auto begun = (*encoder)->begin(text); !begun) return std::move(begun).error();
    if (auto finished = (*encoder)->finish(text); !finished) return std::move(finished).error();
    segments.emplace_back(std::move(text));
    return segments;
  }
  for (std::size_t n = 0; n != manifest.chunks.size(); ++n) {
    if (auto verified = reader->verify(n); !verified) return std::move(verified).error();
    const results::Chunk& chunk = manifest.chunks[n];
    // The first chunk keeps its schema; the others begin after theirs; all end before their end mark.
    const std::uint64_t skipped = n == 0 ? 0 : manifest.schema_bytes;
    segments.emplace_back(slice(reader, chunk.offset + skipped, chunk.bytes - skipped - end_mark.size()));
  }
  segments.emplace_back(end_mark);
  return segments;
}

Result<std::vector<http::Segment>> stored_chunk(std::shared_ptr<const results::Reader> reader, std::size_t n) {
  if (auto verified = reader->verify(n); !verified) return std::move(verified).error();
  const results::Chunk& chunk = reader->manifest().chunks[n];
  std::vector<http::Segment> segments;
  segments.emplace_back(slice(reader, chunk.offset, chunk.bytes));
  return segments;
}

}  // namespace coatcheck::api::native
