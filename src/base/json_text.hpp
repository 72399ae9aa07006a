#pragma once

#include <string>
#include <string_view>

namespace coatcheck {

// Appends `text` as a JSON string, quotes included (RFC 8259). Bytes that are not UTF-8 become U+FFFD, so
// that the document stays valid whatever it is about. All controls are escaped, DEL and U+0080 to U+009F too,
// so that a terminal that shows the document cannot be steered by it.
void append_json_string(std::string& out, std::string_view text);

}  // namespace coatcheck
