#include "principals/base64.hpp"

#include <openssl/evp.h>

#include <cstdint>

namespace coatcheck::principals {

std::string encode_base64(std::string_view bytes) {
  // OpenSSL closes with a NUL, which the string has room for anyway.
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return std::string();
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  if (text.ends_with('=')) bytes.pop_back();
  if (text.ends_with("==")) bytes.pop_back();
  // OpenSSL passes over blanks and bits that do not count; two texts for the same bytes are one too many.
  if (encode_base64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace coatcheck::principals
