#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/catalog.hpp"

namespace coatcheck::config {

// What a setting allows, apart from its owner.
struct Allowed {
  std::string_view lowest = {};
  std::string_view highest = {};
  std::string_view choices = {};
};

template <class Owner>
Allowed allowed(const Setting<Owner>& setting) {
  return {setting.lowest, setting.highest, setting.choices};
}

// Reads a number, as it stands in a bound.
Result<Count> parse_count(std::string_view text);

// Reads `text`, as an override or a variable has it, into the slot. A list's items are separated by commas.
// The error says what is wrong with the text.
Result<void> set_from_text(Slot slot, std::string_view text);

// Reads `text` into one entry of a table. The error does not show the text.
Result<void> set_entry_from_text(Slot slot, std::string_view entry, std::string_view text);

// Whether what the slot holds is allowed. The error says what is wrong with it.
Result<void> check(Slot slot, Allowed allowed);

// Returns what may be written there, for people: `a duration from "1s" to "1h"`.
std::string describe(Slot slot, Allowed allowed);

// Returns what the slot holds as a TOML value.
std::string to_toml(Slot slot);

// Returns `text` as a TOML string.
std::string toml_string(std::string_view text);

}  // namespace coatcheck::config
