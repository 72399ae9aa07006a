#pragma once

#include <cstddef>
#include <string_view>

namespace coatcheck::warehouse::trino {

// Whether every byte belongs to a well-formed character (RFC 3629: nothing overlong, no surrogates).
bool is_utf8(std::string_view text);

// Returns where the character begins that has `count` characters before it, or the size of `text` if it has fewer.
std::size_t byte_of_character(std::string_view text, std::size_t count);

}  // namespace coatcheck::warehouse::trino
