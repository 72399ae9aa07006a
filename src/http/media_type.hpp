#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::http {

// A Content-Type, in lower case.
struct MediaType {
  std::string name;          // "application/json"
  std::string charset = {};  // "utf-8"; empty if not said.
};

// None: malformed, or empty.
std::optional<MediaType> parse_media_type(std::string_view content_type);

}  // namespace coatcheck::http
