#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace coatcheck::http {

// Returns which of `offered` ("application/json", …) the client likes best; of equals, the first. The most specific
// range decides about a type. An empty Accept takes the first; none (406) if nothing is wanted or Accept is broken.
std::optional<std::size_t> choose_media_type(std::string_view accept, std::span<const std::string_view> offered);

}  // namespace coatcheck::http
