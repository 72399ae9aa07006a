#include "warehouse/duckdb/removed_functions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <duckdb/catalog/catalog.hpp>
#include <duckdb/parser/parsed_data/drop_info.hpp>

#include "warehouse/duckdb/built_in.hpp"
#include "warehouse/duckdb/database.hpp"
#include "warehouse/duckdb/errors.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

constexpr std::array<std::string_view, 20> table_functions = {
    // Logging can be turned on by a SELECT in spite of the lock, writes files, and shows everybody's SQL.
    "enable_logging", "disable_logging", "truncate_duckdb_logs", "duckdb_logs", "duckdb_log_contexts",
    // Settings, paths, secrets.
    "duckdb_settings", "duckdb_databases", "duckdb_extensions", "duckdb_secrets", "which_secret",
    "duckdb_temporary_files", "duckdb_external_file_cache", "sql_auto_complete",
    // SQL inside a value, which nobody can see coming.
    "query", "json_execute_serialized_sql",
    // Addresses in memory.
    "arrow_scan", "arrow_scan_dumb",
    // The operator's business.
    "checkpoint", "force_checkpoint", "check_peg_parser"};
constexpr std::array<std::string_view, 2> scalar_functions = {"current_setting", "write_log"};

}  // namespace

Result<void> remove_functions(duckdb_connection connection) {
  // Has DuckDB make its own views now: later it would make all at once, and fail at those over what is gone.
  if (auto made = run_sql(connection, "SELECT count(*) FROM duckdb_views()"); !made) return made;
  return change_built_in(connection, [](::duckdb::ClientContext& context, ::duckdb::Catalog& catalog) {
    const auto drop = [&](::duckdb::CatalogType type, std::string_view name) {
      ::duckdb::DropInfo info;
      info.type = type;
      info.schema = "main";
      info.name = name;
      info.allow_drop_internal = true;
      catalog.DropEntry(context, info);
    };
    for (const auto name : table_functions) drop(::duckdb::CatalogType::TABLE_FUNCTION_ENTRY, name);
    for (const auto name : scalar_functions) drop(::duckdb::CatalogType::SCALAR_FUNCTION_ENTRY, name);
  });
}

std::optional<Failure> refused_function(std::string_view words) {
  constexpr std::string_view before = "Function with name ";
  const auto at = words.find(before);
  if (at == words.npos) return std::nullopt;
  auto name = words.substr(at + before.size());
  if (name.starts_with('"')) name.remove_prefix(1);
  name = name.substr(0, name.find_first_of("\" "));
  if (std::ranges::find(table_functions, name) == table_functions.end() &&
      std::ranges::find(scalar_functions, name) == scalar_functions.end()) {
    return std::nullopt;
  }
  return not_allowed(fmt::format("This warehouse does not allow calling '{}'.", name));
}

}  // namespace coatcheck::warehouse::duckdb
