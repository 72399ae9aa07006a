// Any text as a settings file: never a crash, and what is accepted reads back as the same settings.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = coatcheck::config::load_text(text, "fuzz.toml");
  if (!loaded) return 0;
  const auto again = coatcheck::config::load_text(coatcheck::config::effective(*loaded), "effective.toml");
  if (!again || !(again->settings == loaded->settings)) std::abort();
  return 0;
}
