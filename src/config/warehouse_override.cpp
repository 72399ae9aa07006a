#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "config/gathering.hpp"

namespace coatcheck::config {

namespace {

constexpr std::string_view place = "override";
constexpr std::string_view prefix = "warehouse.";

// Whether something has been said that only warehouses of its kind have.
bool has_settings_of_its_kind(const Gathering& gathering, const Warehouse& warehouse, const std::string& at) {
  const auto catalog = warehouse_catalog();
  return !warehouse.duckdb.tables.empty() ||
         std::any_of(catalog.begin(), catalog.end(), [&](const Setting<Warehouse>& setting) {
           return !setting.kind.empty() && gathering.loaded.origins.contains(fmt::format("{}.{}", at, setting.name));
         });
}

}  // namespace

std::optional<std::string> no_such_setting(std::string_view name, std::string_view kind) {
  std::string others;
  for (const Setting<Warehouse>& setting : warehouse_catalog()) {
    if (setting.name != name) continue;
    if (is_of_kind(setting, kind)) return std::nullopt;
    others += (others.empty() ? "" : " and ") + toml_string(setting.kind);
  }
  if (others.empty()) return "there is no such setting";
  return fmt::format("is a setting of warehouses of kind {}; this one is of kind {}", others, toml_string(kind));
}

void read_warehouse_override(const std::string& name, std::string_view value, Gathering& gathering) {
  const std::string_view rest = std::string_view(name).substr(prefix.size());
  const std::size_t dot = rest.find('.');
  const std::string_view wanted = dot == rest.npos ? std::string_view() : rest.substr(0, dot);
  auto& warehouses = gathering.loaded.settings.warehouses;
  const auto warehouse = std::find_if(warehouses.begin(), warehouses.end(),
                                      [&](const Warehouse& w) { return !wanted.empty() && w.name == wanted; });
  if (warehouse == warehouses.end()) return gathering.mistake(place, toml_string(name), "there is no such warehouse");

  // "session_properties.query_max_run_time" is one entry of a table.
  std::string_view setting_name = rest.substr(dot + 1);
  const std::size_t entry_dot = setting_name.find('.');
  const std::string_view entry = entry_dot == rest.npos ? std::string_view() : setting_name.substr(entry_dot + 1);
  setting_name = setting_name.substr(0, entry_dot);
  if (auto why = no_such_setting(setting_name, warehouse->kind))
    return gathering.mistake(place, toml_string(name), *why);
  const auto* setting = find(warehouse_catalog(), setting_name, warehouse->kind);

  const std::string at = fmt::format("warehouse[{}]", warehouse - warehouses.begin());
  const std::string full = fmt::format("{}.{}", at, setting->name);
  if (setting->name == "kind" && value != warehouse->kind && has_settings_of_its_kind(gathering, *warehouse, at)) {
    return gathering.mistake(
        place, full,
        fmt::format("comes too late: settings of kind {} were given before", toml_string(warehouse->kind)));
  }
  if (entry.empty()) return gathering.set_from_text(*warehouse, *setting, full, std::string(place), value);
  const Slot slot = setting->slot(*warehouse);
  gathering.settle(slot, allowed(*setting), full, std::string(place), set_entry_from_text(slot, entry, value));
}

}  // namespace coatcheck::config
