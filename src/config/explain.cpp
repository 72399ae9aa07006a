#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

#include "config/catalog.hpp"
#include "config/config.hpp"
#include "config/value.hpp"

namespace coatcheck::config {

namespace {

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

bool is_in(const Section& section, std::string_view name) {
  return name.size() > section.name.size() && name.starts_with(section.name) && name[section.name.size()] == '.';
}

// Writes settings with their origins, as effective() shows them.
class Listing {
 public:
  explicit Listing(const Loaded& loaded) : origins_(loaded.origins) {}

  template <class Owner>
  void line(const Owner& owner, const Setting<Owner>& setting, const std::string& name) {
    // A slot can also write, so it wants an owner that may be written; here it only reads.
    Owner copy = owner;
    const auto origin = origins_.find(name);
    fmt::format_to(std::back_inserter(text_), "{} = {}  # {}\n", last_part(setting.name), to_toml(setting.slot(copy)),
                   origin == origins_.end() ? "default" : origin->second);
  }

  void heading(std::string_view text) {
    fmt::format_to(std::back_inserter(text_), "{}{}\n", text_.empty() ? "" : "\n", text);
  }

  std::string take() { return std::move(text_); }

 private:
  const std::map<std::string, std::string>& origins_;
  std::string text_;
};

void append_comment(std::string& out, std::string_view text, std::string_view prefix = "# ") {
  // Wrapped like the rest of our prose, at a hundred columns.
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column != 0 && column + 1 + end > 100) {
      out += '\n';
      column = 0;
    }
    out += column == 0 ? prefix : " ";
    out += text.substr(0, end);
    column += (column == 0 ? prefix.size() : 1) + end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

template <class Owner>
void append_setting(std::string& out, Owner owner, const Setting<Owner>& setting) {
  const Slot slot = setting.slot(owner);
  std::string sentence(setting.sentence);
  fmt::format_to(std::back_inserter(sentence), " Allowed is {}.", describe(slot, allowed(setting)));
  if (!setting.environment.empty()) fmt::format_to(std::back_inserter(sentence), " Variable: {}.", setting.environment);
  append_comment(out, sentence);
  fmt::format_to(std::back_inserter(out), "#{} = {}\n\n", last_part(setting.name), to_toml(slot));
}

// A line of a section that is a comment as a whole.
template <class Owner>
void append_sample(std::string& out, Owner& owner, const Setting<Owner>& setting) {
  const Slot slot = setting.slot(owner);
  const std::string value = setting.sample.empty() ? to_toml(slot) : std::string(setting.sample);
  append_comment(out,
                 fmt::format("{}{} Allowed is {}.", setting.sentence, setting.is_needed ? " Needed." : "",
                             describe(slot, allowed(setting))),
                 "#     # ");
  fmt::format_to(std::back_inserter(out), "#     {} = {}\n", setting.name, value);
}

// A warehouse of that kind, with the settings that only this kind has.
void append_kind(std::string& out, std::string_view name, std::string_view kind) {
  fmt::format_to(std::back_inserter(out), "#\n#     [[warehouse]]\n#     name = {}\n#     kind = {}\n",
                 toml_string(name), toml_string(kind));
  Warehouse warehouse = default_warehouse();
  for (const auto& setting : warehouse_catalog()) {
    if (setting.kind == kind) append_sample(out, warehouse, setting);
  }
}

}  // namespace

std::string effective(const Loaded& loaded) {
  Listing listing(loaded);
  for (const Section& section : sections()) {
    listing.heading(fmt::format("[{}]", section.name));
    for (const auto& setting : settings_catalog()) {
      if (is_in(section, setting.name)) listing.line(loaded.settings, setting, std::string(setting.name));
    }
  }
  for (std::size_t w = 0; w != loaded.settings.warehouses.size(); ++w) {
    const Warehouse& warehouse = loaded.settings.warehouses[w];
    const std::string name = fmt::format("warehouse[{}]", w);
    listing.heading("[[warehouse]]");
    for (const auto& setting : warehouse_catalog()) {
      if (is_of_kind(setting, warehouse.kind))
        listing.line(warehouse, setting, fmt::format("{}.{}", name, setting.name));
    }
    for (std::size_t t = 0; t != warehouse.duckdb.tables.size(); ++t) {
      listing.heading("[[warehouse.table]]");
      for (const auto& setting : table_catalog()) {
        listing.line(warehouse.duckdb.tables[t], setting, fmt::format("{}.table[{}].{}", name, t, setting.name));
      }
    }
  }
  for (std::size_t p = 0; p != loaded.settings.principals_of_note.size(); ++p) {
    listing.heading("[[principal]]");
    for (const auto& setting : principal_catalog()) {
      listing.line(loaded.settings.principals_of_note[p], setting, fmt::format("principal[{}].{}", p, setting.name));
    }
  }
  return listing.take();
}

std::string example() {
  const Settings settings = defaults();
  std::string out;
  append_comment(
      out,
      "Every setting of Coatcheck, with its default. Made by `coatcheck config --example`; do not edit it, copy it.");
  append_comment(
      out,
      "Durations are a number and ms, s, m, h or d; sizes a number and KiB, MiB, GiB, TiB (powers of 1024) or "
      "KB, MB, GB, TB (powers of 1000). A file, then variables, then `--set section.setting=value` win over the "
      "defaults, in this order. Variable for the file's own path: COATCHECK_CONFIG.");
  for (const Section& section : sections()) {
    out += '\n';
    append_comment(out, section.sentence);
    fmt::format_to(std::back_inserter(out), "[{}]\n\n", section.name);
    for (const auto& setting : settings_catalog()) {
      if (is_in(section, setting.name)) append_setting(out, settings, setting);
    }
  }
  out += '\n';
  append_comment(out, "A place where SQL runs; there may be several. Without any, there is this one.");
  out += "[[warehouse]]\n\n";
  for (const auto& setting : warehouse_catalog()) {
    if (is_of_kind(setting, "duckdb")) append_setting(out, settings.warehouses.front(), setting);
  }

  append_comment(out, "Files that queries of this warehouse see as tables, one section for each:");
  out += "#\n#     [[warehouse.table]]\n";
  Table none;
  for (const auto& setting : table_catalog()) append_sample(out, none, setting);

  out += '\n';
  append_comment(
      out,
      "A database with an ADBC driver, PostgreSQL for one (docs/warehouses/adbc.md). Of the settings above it "
      "has those that name no engine: name, kind, default, and those of queues and times.");
  append_kind(out, "sales", "adbc");
  out += '\n';
  append_comment(out,
                 "A Trino cluster (docs/warehouses/trino.md); again with the settings of queues and times from above.");
  append_kind(out, "lake", "trino");
  out += '\n';
  append_comment(
      out,
      "A Snowflake account (docs/warehouses/snowflake.md); again with the settings of queues and times from above.");
  append_kind(out, "cloud", "snowflake");
  out += '\n';
  append_comment(out, "A principal with limits or a weight of its own (docs/operating.md); there may be several.");
  out += "#\n#     [[principal]]\n";
  Principal principal = default_principal();
  for (const auto& setting : principal_catalog()) append_sample(out, principal, setting);
  return out;
}

}  // namespace coatcheck::config
