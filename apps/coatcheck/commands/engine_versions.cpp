#include <arrow/config.h>
#include <duckdb.h>
#include <sqlite3.h>

#include "commands/version.hpp"

namespace coatcheck::commands {

EngineVersions engine_versions() {
  return {.duckdb = duckdb_library_version(),
          .arrow = arrow::GetBuildInfo().version_string,
          .sqlite = sqlite3_libversion()};
}

}  // namespace coatcheck::commands
