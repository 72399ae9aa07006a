#pragma once

#include <string_view>

namespace coatcheck::warehouse::trino {

// Whether every byte belongs to a well-formed character (RFC 3629: nothing overlong, no surrogates).
bool is_utf8(std::string_view text);

}  // namespace coatcheck::warehouse::trino
