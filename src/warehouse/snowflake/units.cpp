#include "warehouse/snowflake/units.hpp"

#include <arrow/type.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "warehouse/snowflake/cells.hpp"
#include "warehouse/snowflake/value.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

using Timestamps = SnowflakeOptions::Timestamps;

bool is_in_nanoseconds(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::NANO;
}

// Finds the columns that have a value with nanoseconds.
class NanosecondsFinder final : public CellReader {
 public:
  explicit NanosecondsFinder(std::size_t columns) : found(columns) {}

  bool begin_row() override {
    at_ = 0;
    return true;
  }
  bool cell(std::optional<std::string_view> text) override {
    if (at_ < found.size() && text && !found[at_]) found[at_] = has_nanoseconds(*text);
    ++at_;
    return true;
  }
  bool end_row() override { return true; }

  std::vector<bool> found;

 private:
  std::size_t at_ = 0;
};

}  // namespace

std::shared_ptr<const Columns> with_units(std::shared_ptr<const Columns> columns, Timestamps timestamps,
                                          std::string_view first) {
  const auto& fields = columns->schema->fields();
  const bool is_about_any =
      std::ranges::any_of(fields, [](const auto& field) { return is_in_nanoseconds(*field->type()); });
  if (!is_about_any || timestamps == Timestamps::nanoseconds) return columns;
  NanosecondsFinder finder(fields.size());
  // An answer that is not whole is found out when it is decoded.
  if (timestamps == Timestamps::by_value) read_cells(first, finder);
  auto chosen = std::make_shared<Columns>(*columns);
  arrow::FieldVector now = fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_in_nanoseconds(*fields[i]->type()) || finder.found[i]) continue;
    const auto& zone = static_cast<const arrow::TimestampType&>(*fields[i]->type()).timezone();
    now[i] = fields[i]->WithType(arrow::timestamp(arrow::TimeUnit::MICRO, zone));
    chosen->columns[i].is_cut = timestamps == Timestamps::microseconds;
  }
  chosen->schema = arrow::schema(std::move(now));
  return chosen;
}

}  // namespace coatcheck::warehouse::snowflake
