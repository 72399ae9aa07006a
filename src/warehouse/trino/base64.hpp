#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::warehouse::trino {

// Reads base64 (RFC 4648, section 4), with its padding and nothing else.
std::optional<std::string> read_base64(std::string_view text);

std::string write_base64(std::string_view bytes);

}  // namespace coatcheck::warehouse::trino
