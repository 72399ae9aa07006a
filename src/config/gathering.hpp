#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/catalog.hpp"
#include "config/config.hpp"
#include "config/value.hpp"

namespace coatcheck::config {

// Settings while their sources are read one after the other, and the mistakes found on the way.
struct Gathering {
  Loaded loaded;
  std::vector<std::string> mistakes;

  void mistake(std::string_view place, std::string_view name, std::string_view why) {
    mistakes.push_back(fmt::format("{}: {}: {}", place, name, why));
  }

  // Notes who has set `name`, or that what was set is a mistake.
  void settle(Slot slot, Allowed allowed, const std::string& name, const std::string& place, Result<void> set) {
    if (set) set = check(slot, allowed);
    if (set) {
      loaded.origins[name] = place;
    } else {
      mistake(place, name, fmt::format("{}; allowed is {}", set.error().message, describe(slot, allowed)));
    }
  }

  template <class Owner>
  void set_from_text(Owner& owner, const Setting<Owner>& setting, const std::string& name, const std::string& place,
                     std::string_view text) {
    const Slot slot = setting.slot(owner);
    settle(slot, allowed(setting), name, place, config::set_from_text(slot, text));
  }
};

// The kind that decides which settings the owner has; empty if it has all.
inline std::string_view kind_of(const Warehouse& warehouse) { return warehouse.kind; }
template <class Owner>
std::string_view kind_of(const Owner&) {
  return {};
}

// The setting of that name that warehouses of that kind have, or null.
template <class Owner>
const Setting<Owner>* find(std::span<const Setting<Owner>> catalog, std::string_view name, std::string_view kind = {}) {
  for (const Setting<Owner>& setting : catalog) {
    if (setting.name == name && (setting.kind.empty() || setting.kind == kind)) return &setting;
  }
  return nullptr;
}

// Why a warehouse of that kind has no setting of that name; nothing if it has one.
std::optional<std::string> no_such_setting(std::string_view name, std::string_view kind);

// Takes what TOML text says.
void read_toml(std::string_view text, const std::string& file, Gathering& gathering);

// Takes "warehouse.main.threads=4"; `name` is what stands before the equals sign.
void read_warehouse_override(const std::string& name, std::string_view value, Gathering& gathering);

// Takes "principal.ann.weight=4"; `name` is what stands before the equals sign.
void read_principal_override(const std::string& name, std::string_view value, Gathering& gathering);

// Finds what is wrong with the settings taken together, and names the default warehouse if nobody has.
void apply_rules(Gathering& gathering);

// The part of it that is about warehouses.
void apply_warehouse_rules(Gathering& gathering);

// The part of it that is about principals; and gives those in a section of their own what holds for all, where they say
// nothing else.
void apply_principal_rules(Gathering& gathering);

// Where a setting got its value, for a mistake that several settings make together.
std::string origin(const Gathering& gathering, const std::string& name);

void check_order(Gathering& gathering, const std::string& smaller, const std::string& larger, bool in_order);

}  // namespace coatcheck::config
