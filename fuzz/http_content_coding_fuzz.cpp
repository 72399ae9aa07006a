// Accept-Encoding, and the compressors with whatever bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/content_coding.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace coatcheck::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto coding = choose_coding(text);
  if (!coding) return 0;
  const auto compressor = create_compressor(*coding);
  std::string out;
  compressor->append(text.substr(0, size / 2), out);
  compressor->append(text.substr(size / 2), out);
  compressor->finish(out);
  return 0;
}
