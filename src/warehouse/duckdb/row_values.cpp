#include "warehouse/duckdb/row_values.hpp"

#include <algorithm>
#include <deque>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/connection.hpp>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "warehouse/duckdb/loose_text.hpp"
#include "warehouse/duckdb/parameters.hpp"
#include "warehouse/duckdb/typed_text.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

constexpr std::size_t window_rows_max = 2048;
constexpr std::size_t window_cells_max = 65'536;

// To the same database. The C API wants the database's handle for that.
Connection another_connection(duckdb_connection connection) {
  ::duckdb::DatabaseInstance& database = *reinterpret_cast<::duckdb::Connection*>(connection)->context->db;
  return Connection(reinterpret_cast<duckdb_connection>(new ::duckdb::Connection(database)));
}

// Reads the texts, all of one type, up to the first that cannot be read: that one and what follows it stay without a
// handle. Returns whether there was none.
bool read_all(duckdb_connection connection, std::span<const Parameter* const> texts, std::span<Value* const> values) {
  if (auto read = read_typed(connection, texts)) {
    for (std::size_t i = 0; i != values.size(); ++i) *values[i] = std::move((*read)[i]);
    return true;
  }
  if (texts.size() == 1) return false;
  const std::size_t half = texts.size() / 2;
  return read_all(connection, texts.first(half), values.first(half)) &&
         read_all(connection, texts.subspan(half), values.subspan(half));
}

}  // namespace

RowValues::RowValues(duckdb_connection connection, const ParameterRows& rows, std::vector<duckdb_type> expected)
    : reading_(another_connection(connection)),
      rows_(rows),
      expected_(std::move(expected)),
      window_(std::clamp<std::size_t>(window_cells_max / rows.width(), 1, window_rows_max)) {}

Result<duckdb_value, Failure> RowValues::at(std::size_t row, std::size_t column) {
  if (row < first_ || row >= first_ + loaded_) load(row);
  Value& value = values_[(row - first_) * rows_.width() + column];
  if (value.get() == nullptr) {
    const auto& given = rows_.row(row)[column];
    const auto what_it_is = settled(given, expected_[column]);
    const Parameter& parameter = what_it_is ? *what_it_is : given;
    auto alone = bound_value(reading_.get(), parameter, column);
    if (!alone) return std::move(alone).error();
    if (alone->get() == nullptr) return cannot_be_bound(parameter, column);
    value = *std::move(alone);
  }
  return value.get();
}

void RowValues::load(std::size_t first) {
  first_ = first;
  loaded_ = std::min(window_, rows_.size() - first);
  values_.clear();
  values_.resize(loaded_ * rows_.width());
  for (std::size_t column = 0; column != rows_.width(); ++column) load_column(column);
}

void RowValues::load_column(std::size_t column) {
  struct Texts {
    std::vector<const Parameter*> parameters;
    std::vector<Value*> values;
  };
  std::map<std::string_view, Texts> by_type;
  std::deque<Parameter> settled_here;
  for (std::size_t i = 0; i != loaded_; ++i) {
    const Parameter& given = rows_.row(first_ + i)[column];
    auto what_it_is = settled(given, expected_[column]);
    const Parameter& parameter = what_it_is ? settled_here.emplace_back(*std::move(what_it_is)) : given;
    Value& value = values_[i * rows_.width() + column];
    if (is_typed(parameter)) {
      Texts& texts = by_type[parameter.type];
      texts.parameters.push_back(&parameter);
      texts.values.push_back(&value);
    } else {
      value = untyped_value(parameter);
    }
  }
  for (auto& [type, texts] : by_type) read_all(reading_.get(), texts.parameters, texts.values);
}

}  // namespace coatcheck::warehouse::duckdb
