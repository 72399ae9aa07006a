#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "config/gathering.hpp"

namespace coatcheck::config {

namespace {

// Where a setting got its value, for a mistake that two settings make together.
std::string origin(const Gathering& gathering, const std::string& name) {
  const auto found = gathering.loaded.origins.find(name);
  return found == gathering.loaded.origins.end() ? "default" : found->second;
}

void check_order(Gathering& gathering, const std::string& smaller, const std::string& larger, bool in_order) {
  if (!in_order) gathering.mistake(origin(gathering, smaller), smaller, "must not be more than " + larger);
}

void choose_default_warehouse(Gathering& gathering) {
  auto& warehouses = gathering.loaded.settings.warehouses;
  const auto chosen =
      std::count_if(warehouses.begin(), warehouses.end(), [](const Warehouse& w) { return w.is_default; });
  if (chosen == 0) warehouses.front().is_default = true;
  if (chosen < 2) return;
  for (std::size_t i = warehouses.size(); i-- != 0;) {
    const std::string name = fmt::format("warehouse[{}].default", i);
    if (warehouses[i].is_default)
      return gathering.mistake(origin(gathering, name), name, "only one warehouse can be it");
  }
}

void check_warehouses(Gathering& gathering) {
  const auto& warehouses = gathering.loaded.settings.warehouses;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i != warehouses.size(); ++i) {
    const Warehouse& warehouse = warehouses[i];
    const std::string at = fmt::format("warehouse[{}]", i);
    if (!names.insert(warehouse.name).second) {
      gathering.mistake(origin(gathering, at + ".name"), at + ".name",
                        toml_string(warehouse.name) + " is the name of another warehouse too");
    }
    check_order(gathering, at + ".timeout_default", at + ".timeout_max",
                warehouse.timeout_default <= warehouse.timeout_max);

    std::set<std::string_view> table_names;
    for (std::size_t t = 0; t != warehouse.tables.size(); ++t) {
      const std::string name = fmt::format("{}.table[{}].name", at, t);
      if (!table_names.insert(warehouse.tables[t].name).second) {
        gathering.mistake(origin(gathering, name), name,
                          toml_string(warehouse.tables[t].name) + " is the name of another table too");
      }
    }
  }
}

}  // namespace

void apply_rules(Gathering& gathering) {
  const Settings& settings = gathering.loaded.settings;
  if (!settings.authentication.enabled && !is_loopback(settings.server.listen)) {
    gathering.mistake(origin(gathering, "authentication.enabled"), "authentication.enabled",
                      fmt::format("may be false only on a loopback address, and server.listen is \"{}\"; turn "
                                  "authentication on (coatcheck key create makes keys) or listen on 127.0.0.1",
                                  to_string(settings.server.listen)));
  }
  check_order(gathering, "results.ttl", "results.ttl_max", settings.results.ttl <= settings.results.ttl_max);
  check_order(gathering, "results.result_bytes_max", "results.disk_bytes_max",
              settings.results.result_bytes_max <= settings.results.disk_bytes_max);
  check_order(gathering, "limits.statement_bytes_max", "limits.body_bytes_max",
              settings.limits.statement_bytes_max <= settings.limits.body_bytes_max);
  check_order(gathering, "limits.inline_rows_max", "limits.page_rows_max",
              settings.limits.inline_rows_max <= settings.limits.page_rows_max);
  choose_default_warehouse(gathering);
  check_warehouses(gathering);
}

}  // namespace coatcheck::config
