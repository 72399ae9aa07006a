// A page token: the first line is the filters, the rest the token. What is accepted names the place that the
// server would name so, and a token of ours is accepted with its own filters and no others.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/native/page_token.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace native = coatcheck::api::native;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view filters = text.substr(0, text.find('\n'));
  const std::string_view token = text.substr(std::min(size, filters.size() + 1));
  if (const auto id = native::parse_page_token(token, filters)) {
    const auto again = native::parse_page_token(native::make_page_token(*id, filters), filters);
    if (!again || *again != *id) std::abort();
  }

  coatcheck::QueryId id;
  std::copy_n(text.begin(), std::min(size, id.bytes.size()), id.bytes.begin());
  const std::string ours = native::make_page_token(id, filters);
  const auto read = native::parse_page_token(ours, filters);
  if (!read || *read != id) std::abort();
  if (native::parse_page_token(ours, std::string(filters) + "x")) std::abort();
  return 0;
}
