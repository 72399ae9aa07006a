#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.hpp"

namespace coatcheck::config {

// The place in a struct that a setting fills; which one it is says how it is written.
struct CountSlot {
  Count* value;
};
struct BytesSlot {
  Bytes* value;
};
using Slot = std::variant<std::string*, bool*, CountSlot, BytesSlot, Duration*, Endpoint*, std::vector<std::string>*,
                          Texts*, Credentials*>;

// One line of the catalog.
template <class Owner>
struct Setting {
  std::string_view name = {};      // "limits.wait_max"; for a warehouse or table only the last part.
  std::string_view fallback = {};  // The default, written as in an override.
  std::string_view lowest = {};    // Bounds of a number, size or duration, both included.
  std::string_view highest = {};
  // Of a text: "debug|info": the only ones allowed. "name": a name. "principal": the name of one. "path": one that is
  // not empty. "variable": the name of a variable of the environment. Of texts: "no secrets". Empty: any.
  std::string_view choices = {};
  Slot (*slot)(Owner&) = nullptr;
  std::string_view environment = {};  // A variable that sets it, or empty.
  std::string_view sentence = {};
  std::string_view kind = {};    // The kind of warehouse that has it; empty for all.
  std::string_view sample = {};  // What the example shows, as TOML, where the default shows too little.
  bool is_needed = false;        // It must be set; its default, empty, will not do.
};

struct Section {
  std::string_view name;
  std::string_view sentence;
};

std::span<const Section> sections();
std::span<const Setting<Settings>> settings_catalog();
std::span<const Setting<Warehouse>> warehouse_catalog();
std::span<const Setting<Table>> table_catalog();
std::span<const Setting<Principal>> principal_catalog();

// Whether warehouses of that kind have this setting.
inline bool is_of_kind(const Setting<Warehouse>& setting, std::string_view kind) {
  return setting.kind.empty() || setting.kind == kind;
}

// Fills every setting with its default. The owner's lists of other owners stay as they are.
Settings without_warehouses();
Warehouse default_warehouse();
Principal default_principal();

}  // namespace coatcheck::config
