#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "config/gathering.hpp"

namespace coatcheck::config {

namespace {

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

void check_needed(Gathering& gathering, const Warehouse& warehouse, const std::string& at) {
  for (const Setting<Warehouse>& setting : warehouse_catalog()) {
    if (!setting.is_needed || !is_of_kind(setting, warehouse.kind)) continue;
    Warehouse copy = warehouse;  // A slot can also write, so it wants an owner that may be written.
    const Slot slot = setting.slot(copy);
    const auto* const* text = std::get_if<std::string*>(&slot);
    const std::string name = fmt::format("{}.{}", at, setting.name);
    if (text != nullptr && (*text)->empty()) {
      gathering.mistake(origin(gathering, at + ".kind"), name,
                        fmt::format("is missing; a warehouse of kind {} needs it", toml_string(warehouse.kind)));
    }
  }
}

void check_tables(Gathering& gathering, const DuckdbSettings& warehouse, const std::string& at) {
  std::set<std::string_view> table_names;
  for (std::size_t t = 0; t != warehouse.tables.size(); ++t) {
    const std::string name = fmt::format("{}.table[{}].name", at, t);
    if (!table_names.insert(warehouse.tables[t].name).second) {
      gathering.mistake(origin(gathering, name), name,
                        toml_string(warehouse.tables[t].name) + " is the name of another table too");
    }
  }
}

void check_credentials(Gathering& gathering, const AdbcSettings& warehouse, const std::string& at) {
  for (const auto& [option, source] : warehouse.credentials) {
    if (!warehouse.database_options.contains(option)) continue;
    const std::string name = at + ".credentials";
    gathering.mistake(origin(gathering, name), name,
                      toml_string(option) + " stands in database_options too; only one of them can hold");
  }
}

void check_secret(Gathering& gathering, const TrinoSettings& warehouse, const std::string& at) {
  const std::string authentication = at + ".authentication";
  const auto wrong = [&](std::string_view why) {
    gathering.mistake(origin(gathering, authentication), authentication, why);
  };
  const bool has_file = !warehouse.secret.file.empty();
  const bool has_variable = !warehouse.secret.environment.empty();
  if (has_file && has_variable) {
    const std::string name = at + ".secret_environment";
    gathering.mistake(origin(gathering, name), name, "and secret_file are both set; only one of them can hold");
  }
  if (warehouse.authentication == "none") {
    if (has_file || has_variable) wrong("is \"none\", so that the secret would not be used; say \"basic\" or \"jwt\"");
  } else if (!has_file && !has_variable) {
    wrong("needs a secret: set secret_file or secret_environment");
  }
  if (warehouse.authentication != "jwt" && warehouse.user.empty()) {
    gathering.mistake(origin(gathering, at + ".kind"), at + ".user",
                      "is missing; a warehouse of kind \"trino\" needs it, unless authentication is \"jwt\"");
  }
}

void check_snowflake(Gathering& gathering, const SnowflakeSettings& warehouse, const std::string& at) {
  const auto wrong = [&](const char* setting, std::string_view why) {
    const std::string name = at + setting;
    gathering.mistake(origin(gathering, name), name, why);
  };
  const auto is_double = [](const CredentialSource& source) {
    return !source.file.empty() && !source.environment.empty();
  };
  if (is_double(warehouse.secret))
    wrong(".secret_environment", "and secret_file are both set; only one of them can hold");
  if (is_double(warehouse.passphrase))
    wrong(".passphrase_environment", "and passphrase_file are both set; only one of them can hold");
  const bool has_none = warehouse.authentication == "none";
  const bool has_key = warehouse.authentication == "key_pair";
  if (has_none && warehouse.secret.is_set())
    wrong(".authentication",
          "is \"none\", so that the secret would not be used; say \"key_pair\", or what token it is");
  if (!has_none && !warehouse.secret.is_set())
    wrong(".authentication", "needs a secret: set secret_file or secret_environment");
  if (!has_key && warehouse.passphrase.is_set())
    wrong(".authentication", "has no use for a passphrase, which is of a private key; say \"key_pair\"");
  if (has_key && (warehouse.account.empty() || warehouse.user.empty()))
    wrong(".authentication", "is \"key_pair\", which needs account and user");
  check_order(gathering, at + ".poll_min", at + ".poll_max", warehouse.poll_min <= warehouse.poll_max);
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

    check_needed(gathering, warehouse, at);
    if (warehouse.kind == "duckdb") check_tables(gathering, warehouse.duckdb, at);
    if (warehouse.kind == "adbc") check_credentials(gathering, warehouse.adbc, at);
    if (warehouse.kind == "trino") check_secret(gathering, warehouse.trino, at);
    if (warehouse.kind == "snowflake") check_snowflake(gathering, warehouse.snowflake, at);
  }
}

}  // namespace

void apply_warehouse_rules(Gathering& gathering) {
  choose_default_warehouse(gathering);
  check_warehouses(gathering);
}

}  // namespace coatcheck::config
