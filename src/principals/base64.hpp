#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::principals {

// Base64 (RFC 4648, section 4), with padding. decode_base64() takes nothing but what encode_base64() writes.
std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace coatcheck::principals
