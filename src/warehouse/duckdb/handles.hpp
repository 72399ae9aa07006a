#pragma once

#include <duckdb.h>

#include <utility>

namespace coatcheck::warehouse::duckdb {

// Owns one handle of DuckDB's C API; `destroy` takes the handle's address and frees it.
template <class Handle, auto destroy>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() { destroy(&handle_); }

  Handle get() const { return handle_; }
  // For the API's out parameters, and for calls that want the handle's address.
  Handle* out() { return &handle_; }

 private:
  Handle handle_{};
};

using Database = Owned<duckdb_database, duckdb_close>;
using Connection = Owned<duckdb_connection, duckdb_disconnect>;
using Extracted = Owned<duckdb_extracted_statements, duckdb_destroy_extracted>;
using Prepared = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;
using Pending = Owned<duckdb_pending_result, duckdb_destroy_pending>;
using QueryResult = Owned<duckdb_result, duckdb_destroy_result>;
using Chunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using Value = Owned<duckdb_value, duckdb_destroy_value>;
using LogicalType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;

}  // namespace coatcheck::warehouse::duckdb
