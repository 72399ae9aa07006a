#pragma once

#include <string>

namespace coatcheck::commands {

// As the linked libraries say themselves.
struct EngineVersions {
  std::string duckdb;
  std::string arrow;
  std::string sqlite;
};
EngineVersions engine_versions();

}  // namespace coatcheck::commands
