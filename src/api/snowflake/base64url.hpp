#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::api::snowflake {

// Base64url without padding (RFC 4648, section 5; RFC 7515). What is decoded has exactly one text.
std::string encode_base64url(std::string_view bytes);
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace coatcheck::api::snowflake
