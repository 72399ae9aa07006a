#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::http {

// Decodes %XX, and "+" as a space if asked (query parameters). None: a broken %XX, or one that hides a NUL.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

}  // namespace coatcheck::http
