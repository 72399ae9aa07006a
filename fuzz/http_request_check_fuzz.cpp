// Whole request heads, through the parser and the checks, as a session would take them.
#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/request_check.hpp"
#include "http/request_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace coatcheck::http;
  if (size == 0) return 0;
  RequestParser parser(8192);
  boost::system::error_code error;
  std::size_t used = parser.put(boost::asio::const_buffer(data, size), error);
  if (error || !parser.is_header_done()) return 0;
  const std::string_view raw(reinterpret_cast<const char*>(data), used);
  if (check({.method = parser.method(),
             .target = parser.request().target,
             .version = parser.version(),
             .fields = &parser.request().fields,
             .raw = raw})) {
    return 0;
  }
  const TargetParts parts = split_target(parser.request().target);
  if (parts.path != "*" && !parts.path.starts_with('/')) std::abort();
  if (parser.is_done() || used == size) return 0;
  parser.body_bytes_max(64);
  parser.eager(true);
  parser.put(boost::asio::const_buffer(data + used, size - used), error);
  if (parser.request().body.size() > 64) std::abort();
  return 0;
}
