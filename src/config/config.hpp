#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace coatcheck::config {

// Where settings come from; later ones win: defaults, the file, the environment, overrides.
struct Sources {
  // Without one, the file that COATCHECK_CONFIG names in `environment`, else no file.
  std::optional<std::filesystem::path> file = {};
  std::map<std::string, std::string> environment = {};
  // "limits.wait_max=30s", "warehouse.main.threads=4"; a list's items are separated by commas.
  std::vector<std::string> overrides = {};
};

// Returns the variables of this process that load() looks at.
std::map<std::string, std::string> process_environment();

// Settings, and for each one that is not the default, who said so: by name ("server.listen",
// "warehouse[0].threads"), a place in the file, a variable, or an override.
struct Loaded {
  Settings settings;
  std::map<std::string, std::string> origins;
};

// Reads and checks everything. Errc::invalid_argument with one line for each mistake found, at most 20, each
// with its place, the setting's name, and what is allowed. A file that cannot be read is that error too.
Result<Loaded> load(const Sources& sources);

// The same for a file whose text is `toml`; `name` stands for it in messages.
Result<Loaded> load_text(std::string_view toml, const std::string& name, const Sources& rest = {});

// What holds when nothing is said: one in-memory warehouse, authentication on, this machine only.
Settings defaults();

// Returns the settings as TOML that load_text() reads back, each with a comment saying where it came from.
std::string effective(const Loaded& loaded);

// Returns docs/config.example.toml: every setting with what it means, its bounds, and its default commented out.
std::string example();

}  // namespace coatcheck::config
