#include "api/native/rendition.hpp"

#include <cstdint>
#include <utility>

#include "http/etag.hpp"
#include "http/range.hpp"

namespace coatcheck::api::native {

namespace {

using Segments = std::optional<std::vector<http::Segment>>;
using MaybeFile = Result<std::shared_ptr<const File>>;

// What a body keeps open: the file, and the claim that it answers.
struct Kept {
  std::shared_ptr<const results::Reader> reader;
  std::shared_ptr<const File> file;
};

// The whole file as a body; nothing without a file. Blocks.
Result<Segments> body_of(std::shared_ptr<const results::Reader> reader, MaybeFile file) {
  if (!file) return std::move(file).error();
  if (!*file) return Segments();
  auto bytes = (*file)->size();
  if (!bytes) return std::move(bytes).error();
  const int descriptor = (*file)->descriptor();
  std::vector<http::Segment> segments;
  auto kept = std::make_shared<const Kept>(Kept{.reader = std::move(reader), .file = *std::move(file)});
  segments.emplace_back(http::FileSlice{.owner = std::move(kept), .descriptor = descriptor, .bytes = *bytes});
  return Segments(std::move(segments));
}

}  // namespace

bool needs_length(const http::Request& request, std::string_view tag) {
  if (request.verb == http::Verb::head) return true;
  if (!request.has("Range")) return false;
  if (request.has("If-Range") && !http::same_strong_etag(request.field("If-Range"), tag)) return false;
  // What is not understood asks for the whole, whatever the length.
  return http::parse_range(request.field("Range"), UINT64_MAX).kind != http::RangeAnswer::Kind::whole;
}

async::Task<Result<Segments>> rendition(std::shared_ptr<const results::Reader> reader, rows::Format format, bool make,
                                        async::Pool& pool) {
  auto find = [reader, format] { return body_of(reader, reader->find_rendition(format)); };
  auto found = co_await pool.run(std::move(find));
  if (!make || !found || *found) co_return found;

  const std::shared_ptr<results::Rendition> making = reader->make_rendition(format);
  for (;;) {
    auto advance = [reader, making] { return body_of(reader, making->advance()); };
    auto advanced = co_await pool.run(std::move(advance));
    if (!advanced || *advanced) co_return advanced;
  }
}

}  // namespace coatcheck::api::native
