// Accept, Prefer and Content-Type.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/accept.hpp"
#include "http/media_type.hpp"
#include "http/prefer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace coatcheck::http;
  constexpr std::array<std::string_view, 3> offered = {"application/json", "text/csv", "application/x-ndjson"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto chosen = choose_media_type(text, offered);
  if (chosen && *chosen >= offered.size()) std::abort();
  const auto preferences = parse_prefer(text);
  if (preferences.wait && (preferences.wait->count() < 0 || preferences.wait->count() > 999'999'999)) std::abort();
  const auto type = parse_media_type(text);
  if (type && type->name.find('/') == std::string::npos) std::abort();
  return 0;
}
