// Whole request heads, through the parser and the checks, as a session would take them.
#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "http/request_check.hpp"
#include "http/request_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace coatcheck::http;
  if (size == 0) return 0;
  RequestParser parser(8192);
  boost::system::error_code error;
  const std::size_t used = parser.put_head(boost::asio::const_buffer(data, size), error);
  if (error || !parser.is_header_done()) return 0;
  if (check({.method = parser.method(),
             .target = parser.request().target,
             .version = parser.version(),
             .fields = &parser.request().fields,
             .folded = parser.folded()})) {
    return 0;
  }
  const TargetParts parts = split_target(parser.request().target);
  if (parts.path != "*" && !parts.path.starts_with('/')) std::abort();
  if (parser.is_done() || used == size) return 0;
  parser.body_bytes_max(64);
  parser.put_body(boost::asio::const_buffer(data + used, size - used), error);
  if (parser.request().body.size() > 64) std::abort();
  return 0;
}
