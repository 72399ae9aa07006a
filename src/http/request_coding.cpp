#include "http/request_coding.hpp"

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "http/field_text.hpp"

namespace coatcheck::http {

namespace {

constexpr std::size_t first_room = 16 * 1024;

Error malformed() { return {Errc::invalid_argument, "the body is not well-formed gzip", "Content-Encoding"}; }
Error too_long() {
  return {Errc::resource_exhausted, "the body is larger than this resource takes once it is inflated"};
}

class Inflater {
 public:
  Inflater() {
    constexpr int window_bits_and_gzip_header = 15 + 16;
    if (inflateInit2(&stream_, window_bits_and_gzip_header) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  Result<std::string> all_of(const std::string& in, std::size_t bytes_max) {
    if (in.size() > std::numeric_limits<uInt>::max()) return too_long();
    stream_.next_in = reinterpret_cast<const Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    std::string out;
    std::size_t made = 0;
    for (;;) {
      // One byte past the limit tells a body that just fits from one that does not.
      if (made == out.size()) out.resize(std::min(std::max(first_room, out.size() * 2), bytes_max + 1));
      stream_.next_out = reinterpret_cast<Bytef*>(&out[made]);
      stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size() - made, std::numeric_limits<uInt>::max()));
      const auto room = stream_.avail_out;
      const int outcome = inflate(&stream_, Z_NO_FLUSH);
      made += room - stream_.avail_out;
      if (made > bytes_max) return too_long();
      if (outcome == Z_STREAM_END) {
        if (stream_.avail_in != 0) return malformed();
        out.resize(made);
        return out;
      }
      // Z_BUF_ERROR with room left means that the input ended too early.
      if (outcome != Z_OK || (stream_.avail_in == 0 && stream_.avail_out != 0)) return malformed();
    }
  }

 private:
  z_stream stream_{};
};

}  // namespace

Result<void> decode_body(Request& request, std::size_t bytes_max) {
  const std::string coding = request.field("Content-Encoding");
  if (coding.empty() || equal_without_case(coding, "identity")) return Result<void>::ok();
  if (!equal_without_case(coding, "gzip") && !equal_without_case(coding, "x-gzip")) {
    return Error{Errc::invalid_argument, "the body can be sent as it is or as gzip", "Content-Encoding"};
  }
  auto inflated = Inflater().all_of(request.body, bytes_max);
  if (!inflated) return std::move(inflated).error();
  request.body = *std::move(inflated);
  return Result<void>::ok();
}

}  // namespace coatcheck::http
