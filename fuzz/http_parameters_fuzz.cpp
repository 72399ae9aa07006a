// The query of a URL: decoded text is never longer than what was sent.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coatcheck::http::Request request;
  request.query.assign(reinterpret_cast<const char*>(data), size);
  const auto parameters = request.parameters();
  if (!parameters) return 0;
  std::size_t total = 0;
  for (const auto& [name, value] : *parameters) total += name.size() + value.size();
  if (total > size) std::abort();
  return 0;
}
