#pragma once

#include <cstdint>
#include <string_view>

#include "http/message.hpp"

namespace coatcheck::http {

// What a Range field asks for of a body (RFC 9110 14).
struct RangeAnswer {
  enum class Kind { whole, part, unsatisfiable };
  Kind kind = Kind::whole;
  std::uint64_t first = 0;  // Of a part.
  std::uint64_t bytes = 0;  // Of a part: at least one.
};

// Reads one range of bytes: "bytes=0-99", "bytes=100-", "bytes=-5". Several ranges, another unit, and what is
// malformed ask for the whole, as the RFC allows.
RangeAnswer parse_range(std::string_view range, std::uint64_t body_bytes);

// Makes a 200 response to GET with a body of text or segments into 206 or 416 as the request's Range and If-Range
// ask; other responses stay as they are, but for "Accept-Ranges: bytes". `etag` is the body's strong ETag with its
// quotes; without one, an If-Range never holds.
void apply_range(const Request& request, std::string_view etag, Response& response);

}  // namespace coatcheck::http
