// Range and If-Range: whatever they say, a part lies inside the body.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/etag.hpp"
#include "http/range.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace coatcheck::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, ~std::uint64_t{0}}) {
    const RangeAnswer answer = parse_range(text, bytes);
    if (answer.kind != RangeAnswer::Kind::part) continue;
    if (answer.bytes == 0 || answer.first >= bytes || answer.bytes > bytes - answer.first) std::abort();
  }
  if (if_none_match_holds(text, "\"a\"") != if_none_match_holds(text, "W/\"a\"")) std::abort();
  return 0;
}
