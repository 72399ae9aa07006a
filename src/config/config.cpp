#include "config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

#include "config/catalog.hpp"
#include "config/gathering.hpp"

namespace coatcheck::config {

namespace {

constexpr const char* file_variable = "COATCHECK_CONFIG";
constexpr std::size_t file_bytes_max = std::size_t{1} << 20;
constexpr std::size_t mistakes_shown = 20;

Result<std::string> read_file(const std::filesystem::path& path) {
  const auto unreadable = [&](std::string_view why) {
    return Error{Errc::invalid_argument, fmt::format("{}: cannot be read: {}", path.string(), why)};
  };
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) return unreadable("it is a directory");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return unreadable(std::generic_category().message(errno));
  std::string text(file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return unreadable(std::generic_category().message(errno));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > file_bytes_max) return unreadable("it is larger than 1 MiB");
  return text;
}

void read_environment(const std::map<std::string, std::string>& environment, Gathering& gathering) {
  for (const Setting<Settings>& setting : settings_catalog()) {
    if (setting.environment.empty()) continue;
    const auto found = environment.find(std::string(setting.environment));
    if (found == environment.end()) continue;
    gathering.set_from_text(gathering.loaded.settings, setting, std::string(setting.name), found->first, found->second);
  }
}

void read_override(const std::string& text, Gathering& gathering) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return gathering.mistake("override", toml_string(text), "is not of the form section.setting=value");
  }
  const std::string name = text.substr(0, equals);
  const std::string_view value = std::string_view(text).substr(equals + 1);
  const std::string place = "override";

  constexpr std::string_view warehouse_prefix = "warehouse.";
  if (name.starts_with(warehouse_prefix)) return read_warehouse_override(name, value, gathering);
  constexpr std::string_view principal_prefix = "principal.";
  if (name.starts_with(principal_prefix)) return read_principal_override(name, value, gathering);
  const auto* setting = find(settings_catalog(), name);
  if (setting == nullptr) return gathering.mistake(place, toml_string(name), "there is no such setting");
  gathering.set_from_text(gathering.loaded.settings, *setting, name, place, value);
}

Result<Loaded> gather(std::optional<std::string_view> toml, const std::string& file, const Sources& sources) {
  Gathering gathering{{without_warehouses(), {}}, {}};
  if (toml) read_toml(*toml, file, gathering);
  // A service without a warehouse can do nothing, so one that needs no setting up is always there.
  if (gathering.loaded.settings.warehouses.empty()) gathering.loaded.settings.warehouses.push_back(default_warehouse());
  read_environment(sources.environment, gathering);
  for (const std::string& text : sources.overrides) read_override(text, gathering);
  // What is wrong alone would only be found wrong again together with others.
  if (gathering.mistakes.empty()) apply_rules(gathering);
  if (gathering.mistakes.empty()) return std::move(gathering.loaded);

  std::string message;
  for (std::size_t i = 0; i != std::min(gathering.mistakes.size(), mistakes_shown); ++i) {
    if (i != 0) message += '\n';
    message += gathering.mistakes[i];
  }
  if (gathering.mistakes.size() > mistakes_shown) {
    message += fmt::format("\nand {} more", gathering.mistakes.size() - mistakes_shown);
  }
  return Error{Errc::invalid_argument, std::move(message)};
}

}  // namespace

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> found;
  const auto take = [&](const std::string& name) {
    if (const char* value = std::getenv(name.c_str())) found.emplace(name, value);
  };
  take(file_variable);
  for (const Setting<Settings>& setting : settings_catalog()) {
    if (!setting.environment.empty()) take(std::string(setting.environment));
  }
  return found;
}

Result<Loaded> load(const Sources& sources) {
  std::optional<std::filesystem::path> file = sources.file;
  const auto named = sources.environment.find(file_variable);
  if (!file && named != sources.environment.end() && !named->second.empty()) file = named->second;
  if (!file) return gather(std::nullopt, "", sources);

  auto text = read_file(*file);
  if (!text) return std::move(text).error();
  return gather(*text, file->string(), sources);
}

Result<Loaded> load_text(std::string_view toml, const std::string& name, const Sources& rest) {
  return gather(toml, name, rest);
}

Settings defaults() {
  auto loaded = gather(std::nullopt, "", {});
  assert(loaded);
  return std::move(loaded->settings);
}

}  // namespace coatcheck::config
