#include "warehouse/duckdb/database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "warehouse/duckdb/built_in.hpp"
#include "warehouse/duckdb/database_file.hpp"
#include "warehouse/duckdb/inputs.hpp"
#include "warehouse/duckdb/removed_functions.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

namespace fs = std::filesystem;

std::string enclosed(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += quote;
    result += c;
  }
  return result + quote;
}
std::string literal(std::string_view text) { return enclosed(text, '\''); }

Error invalid(std::string message, std::string field) {
  return Error{Errc::invalid_argument, std::move(message), std::move(field)};
}

bool is_within(const fs::path& path, const fs::path& directory) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
}

// DuckDB compares paths as text and follows links, so a link out of the directory is a hole in it.
Result<void> refuse_links_outwards(const fs::path& directory) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_symlink(error)) continue;
    const auto target = fs::weakly_canonical(at->path(), error);
    if (error || !is_within(target, directory)) {
      return invalid("the symbolic link " + at->path().string() + " leads out of the data directory",
                     "data_directories");
    }
  }
  if (error) return invalid(directory.string() + ": " + error.message(), "data_directories");
  return Result<void>::ok();
}

Result<std::vector<fs::path>> resolve(const std::vector<fs::path>& directories) {
  std::vector<fs::path> resolved;
  for (const auto& directory : directories) {
    std::error_code error;
    auto path = fs::canonical(directory, error);
    if (error || !fs::is_directory(path, error)) {
      return invalid(directory.string() + " is not a directory", "data_directories");
    }
    if (auto checked = refuse_links_outwards(path); !checked) return std::move(checked).error();
    resolved.push_back(std::move(path));
  }
  return resolved;
}

// Returns the function that reads files of this ending, or nothing.
std::optional<std::string_view> reader_of(std::string_view source) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> endings = {{{".parquet", "read_parquet"},
                                                                                     {".csv", "read_csv"},
                                                                                     {".csv.gz", "read_csv"},
                                                                                     {".json", "read_json"},
                                                                                     {".json.gz", "read_json"},
                                                                                     {".ndjson", "read_json"},
                                                                                     {".ndjson.gz", "read_json"},
                                                                                     {".jsonl", "read_json"},
                                                                                     {".jsonl.gz", "read_json"}}};
  for (const auto& [ending, reader] : endings) {
    if (source.ends_with(ending)) return reader;
  }
  return std::nullopt;
}

Result<std::string> view_of(const DuckdbOptions::Table& table, const std::vector<fs::path>& directories) {
  auto source = table.source;
  if (const auto reader = reader_of(source)) {
    std::error_code error;
    const auto path = fs::weakly_canonical(fs::absolute(source, error), error);
    if (error || std::ranges::none_of(directories, [&](const auto& each) { return is_within(path, each); })) {
      return invalid(source + " is not in a data directory", "tables");
    }
    source = fmt::format("SELECT * FROM {}({})", *reader, literal(path.string()));
  }
  return fmt::format("CREATE OR REPLACE VIEW {} AS {}", enclosed(table.name, '"'), source);
}

std::vector<std::string> lock_down(const DuckdbOptions& options, const std::vector<fs::path>& directories) {
  std::string allowed;
  for (const auto& directory : directories) allowed += (allowed.empty() ? "" : ", ") + literal(directory.string());
  return {
      "SET allowed_directories = [" + allowed + "]",
      // Where there is a temporary directory, DuckDB lets every query read it, and with it what others spilled.
      "SET temp_directory = ''",
      options.memory_limit.empty() ? "RESET memory_limit" : "SET memory_limit = " + literal(options.memory_limit),
      "SET threads = " + std::to_string(options.threads),
      "SET GLOBAL TimeZone = 'UTC'",
      "SET autoinstall_known_extensions = false",
      "SET autoload_known_extensions = false",
      "SET allow_community_extensions = false",
      "SET allow_persistent_secrets = false",
      "SET enable_external_access = false",
      "SET lock_configuration = true",
  };
}

Result<Database> open_database(const fs::path& path) {
  Database database;
  char* words = nullptr;
  const auto state = duckdb_open_ext(path.empty() ? nullptr : path.c_str(), database.out(), nullptr, &words);
  const std::string message = words != nullptr ? words : "DuckDB cannot be opened";
  duckdb_free(words);
  if (state != DuckDBSuccess) return Error{Errc::io_error, message};
  return database;
}

}  // namespace

Result<Database> open_locked(const DuckdbOptions& options) {
  auto directories = resolve(options.data_directories);
  if (!directories) return std::move(directories).error();
  auto database = open_database(options.database);
  if (!database) return database;
  Connection connection;
  if (duckdb_connect(database->get(), connection.out()) != DuckDBSuccess) {
    return Error{Errc::io_error, "DuckDB refuses a connection"};
  }
  for (const auto& table : options.tables) {
    auto view = view_of(table, *directories);
    if (!view) return std::move(view).error();
    if (auto made = run_sql(connection.get(), *view); !made) {
      return invalid("table '" + table.name + "': " + made.error().message, "tables");
    }
  }
  for (const auto& statement : lock_down(options, *directories)) {
    if (auto set = run_sql(connection.get(), statement); !set) return std::move(set).error();
  }
  if (!options.database.empty()) hide_database_file(connection.get(), options.database);
  // From here on no configuration changes.
  if (auto removed = remove_functions(connection.get()); !removed) return std::move(removed).error();
  if (auto added = add_dual(connection.get()); !added) return std::move(added).error();
  if (options.inputs) {
    if (auto added = add_inputs(connection.get()); !added) return std::move(added).error();
  }
  return database;
}

Result<void> run_sql(duckdb_connection connection, const std::string& sql) {
  QueryResult result;
  if (duckdb_query(connection, sql.c_str(), result.out()) == DuckDBSuccess) return Result<void>::ok();
  return Error{Errc::invalid_argument, duckdb_result_error(result.out())};
}

bool yields_rows(duckdb_connection connection, const char* sql) {
  QueryResult result;
  if (duckdb_query(connection, sql, result.out()) != DuckDBSuccess) return true;
  const Chunk chunk(duckdb_fetch_chunk(*result.out()));
  return chunk.get() != nullptr && duckdb_data_chunk_get_size(chunk.get()) > 0;
}

}  // namespace coatcheck::warehouse::duckdb
