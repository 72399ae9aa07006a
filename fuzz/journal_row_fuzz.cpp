// Feeds any bytes to the decoders of the journal's blobs. The first byte picks the decoder. What decodes
// must encode to the same bytes again, for each value has one encoding.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "journal/sqlite/blobs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace sqlite = coatcheck::journal::sqlite;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    coatcheck::Statement statement;
    if (sqlite::decode_parameters(bytes, statement) && sqlite::encode_parameters(statement) != bytes) std::abort();
  } else {
    const auto failure = sqlite::decode_failure(bytes);
    if (failure && sqlite::encode_failure(*failure) != bytes) std::abort();
  }
  return 0;
}
