#include <toml++/toml.h>

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "config/gathering.hpp"

namespace coatcheck::config {

namespace {

constexpr std::size_t warehouses_max = 64;
constexpr std::size_t tables_max = 1000;
constexpr std::size_t principals_max = 10'000;

// Moves a TOML value into a slot, if it is of the slot's type.
struct NodeSetter {
  const toml::node& node;

  Result<void> operator()(std::string* value) const { return text_into(value); }
  Result<void> operator()(Duration* value) const { return text_into(value); }
  Result<void> operator()(Endpoint* value) const { return text_into(value); }
  Result<void> operator()(bool* value) const {
    if (!node.is_boolean()) return wrong_type();
    *value = node.as_boolean()->get();
    return Result<void>::ok();
  }
  Result<void> operator()(CountSlot slot) const { return number_into(slot.value); }
  Result<void> operator()(BytesSlot slot) const { return node.is_string() ? text_into(slot) : number_into(slot.value); }
  Result<void> operator()(std::vector<std::string>* value) const {
    if (!node.is_array()) return wrong_type();
    value->clear();
    for (const toml::node& item : *node.as_array()) {
      if (!item.is_string()) return wrong_type();
      value->push_back(item.as_string()->get());
    }
    return Result<void>::ok();
  }

  Result<void> operator()(Texts* value) const {
    if (!node.is_table()) return wrong_type();
    value->clear();
    for (const auto& [key, item] : *node.as_table()) {
      if (!item.is_string()) return not_understood(key, "must be a text, in quotes");
      (*value)[std::string(key.str())] = item.as_string()->get();
    }
    return Result<void>::ok();
  }
  Result<void> operator()(Credentials* value) const {
    if (!node.is_table()) return wrong_type();
    value->clear();
    for (const auto& [key, item] : *node.as_table()) {
      CredentialSource& source = (*value)[std::string(key.str())];
      if (!item.is_table()) return not_understood(key, "must say where the secret is, and never the secret itself");
      for (const auto& [where, name] : *item.as_table()) {
        if ((where != "file" && where != "environment") || !name.is_string())
          return not_understood(key, "must have a file or an environment, and nothing else");
        (where == "file" ? source.file : source.environment) = name.as_string()->get();
      }
    }
    return Result<void>::ok();
  }

 private:
  // Names the entry, and does not show what is there: it may be a secret.
  static Result<void> not_understood(const toml::key& key, std::string_view why) {
    return Error{Errc::invalid_argument, fmt::format("{} {}", toml_string(key.str()), why)};
  }
  Result<void> text_into(Slot slot) const {
    if (!node.is_string()) return wrong_type();
    return set_from_text(slot, node.as_string()->get());
  }
  Result<void> number_into(std::uint64_t* value) const {
    if (!node.is_integer()) return wrong_type();
    const std::int64_t number = node.as_integer()->get();
    if (number < 0) return Error{Errc::invalid_argument, std::to_string(number) + " is negative"};
    *value = static_cast<std::uint64_t>(number);
    return Result<void>::ok();
  }
  static Result<void> wrong_type() { return Error{Errc::invalid_argument, "the value has the wrong type"}; }
};

class TomlReader {
 public:
  TomlReader(std::string file, Gathering& gathering) : file_(std::move(file)), gathering_(gathering) {}

  void read(const toml::table& document) {
    for (const auto& [key, node] : document) {
      if (key == "warehouse") {
        read_warehouses(node);
      } else if (key == "principal") {
        read_principals(node);
      } else {
        read_section(key, node);
      }
    }
  }

  std::string place(const toml::source_region& region) const {
    return fmt::format("{}:{}:{}", file_, region.begin.line, region.begin.column);
  }

 private:
  void read_section(const toml::key& section, const toml::node& node) {
    const std::string name(section.str());
    const bool known =
        std::any_of(sections().begin(), sections().end(), [&](const Section& s) { return s.name == name; });
    if (!known) return unknown(section, name, "there is no such section");
    if (!node.is_table()) return wrong(node, name, "must be a section: [" + name + "]");
    for (const auto& [key, value] : *node.as_table()) {
      const std::string full = name + "." + std::string(key.str());
      read_setting(gathering_.loaded.settings, settings_catalog(), full, full, key, value);
    }
  }

  void read_warehouses(const toml::node& node) {
    if (!node.is_array_of_tables()) return wrong(node, "warehouse", "must be written [[warehouse]]");
    std::vector<Warehouse>& warehouses = gathering_.loaded.settings.warehouses;
    for (const toml::node& item : *node.as_array()) {
      const std::string name = fmt::format("warehouse[{}]", warehouses.size());
      if (warehouses.size() == warehouses_max) return wrong(item, name, fmt::format("more than {}", warehouses_max));
      warehouses.push_back(default_warehouse());
      read_warehouse(*item.as_table(), name, warehouses.back());
    }
  }

  void read_warehouse(const toml::table& table, const std::string& name, Warehouse& warehouse) {
    // The kind first: it says what else there may be.
    const auto read = [&](const toml::key& key, const toml::node& node) {
      read_setting(warehouse, warehouse_catalog(), key.str(), name + "." + std::string(key.str()), key, node);
    };
    const std::size_t mistakes = gathering_.mistakes.size();
    if (const auto kind = table.find("kind"); kind != table.cend()) read(kind->first, kind->second);
    if (gathering_.mistakes.size() != mistakes) return;
    for (const auto& [key, node] : table) {
      if (key == "kind") continue;
      const std::string full = name + "." + std::string(key.str());
      if (key == "table") {
        if (warehouse.kind != "duckdb") {
          unknown(key, full,
                  "is a section of warehouses of kind \"duckdb\"; this one is of kind " + toml_string(warehouse.kind));
        } else {
          read_tables(node, name, warehouse.duckdb);
        }
      } else if (auto why = no_such_setting(key.str(), warehouse.kind)) {
        unknown(key, full, *why);
      } else {
        read(key, node);
      }
    }
  }

  void read_tables(const toml::node& node, const std::string& warehouse_name, DuckdbSettings& warehouse) {
    const std::string list = warehouse_name + ".table";
    if (!node.is_array_of_tables()) return wrong(node, list, "must be written [[warehouse.table]]");
    for (const toml::node& item : *node.as_array()) {
      const std::string name = fmt::format("{}[{}]", list, warehouse.tables.size());
      if (warehouse.tables.size() == tables_max) return wrong(item, name, fmt::format("more than {}", tables_max));
      Table& table = warehouse.tables.emplace_back();
      for (const auto& [key, value] : *item.as_table()) {
        read_setting(table, table_catalog(), key.str(), name + "." + std::string(key.str()), key, value);
      }
      for (const Setting<Table>& setting : table_catalog()) {
        if (!item.as_table()->contains(setting.name)) {
          wrong(item, name + "." + std::string(setting.name), "is missing");
        }
      }
    }
  }

  void read_principals(const toml::node& node) {
    if (!node.is_array_of_tables()) return wrong(node, "principal", "must be written [[principal]]");
    std::vector<Principal>& principals = gathering_.loaded.settings.principals_of_note;
    for (const toml::node& item : *node.as_array()) {
      const std::string name = fmt::format("principal[{}]", principals.size());
      if (principals.size() == principals_max) return wrong(item, name, fmt::format("more than {}", principals_max));
      Principal& principal = principals.emplace_back(default_principal());
      for (const auto& [key, value] : *item.as_table()) {
        read_setting(principal, principal_catalog(), key.str(), name + "." + std::string(key.str()), key, value);
      }
      if (!item.as_table()->contains("name")) wrong(item, name + ".name", "is missing");
    }
  }

  template <class Owner>
  void read_setting(Owner& owner, std::span<const Setting<Owner>> catalog, std::string_view name,
                    const std::string& full, const toml::key& key, const toml::node& node) {
    const Setting<Owner>* setting = find(catalog, name, kind_of(owner));
    if (setting == nullptr) return unknown(key, full, "there is no such setting");
    const Slot slot = setting->slot(owner);
    gathering_.settle(slot, allowed(*setting), full, place(node.source()), std::visit(NodeSetter{node}, slot));
  }

  void unknown(const toml::key& key, const std::string& name, std::string_view why) {
    gathering_.mistake(place(key.source()), toml_string(name), why);
  }
  void wrong(const toml::node& node, const std::string& name, std::string_view why) {
    gathering_.mistake(place(node.source()), name, why);
  }

  std::string file_;
  Gathering& gathering_;
};

}  // namespace

void read_toml(std::string_view text, const std::string& file, Gathering& gathering) {
  TomlReader reader(file, gathering);
  try {
    reader.read(toml::parse(text, file));
  } catch (const toml::parse_error& error) {
    gathering.mistakes.push_back(reader.place(error.source()) + ": not TOML: " + std::string(error.description()));
  }
}

}  // namespace coatcheck::config
