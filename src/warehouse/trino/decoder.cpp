#include "warehouse/trino/decoder.hpp"

#include <arrow/api.h>

#include <optional>
#include <utility>

#include "warehouse/trino/appender.hpp"
#include "warehouse/trino/errors.hpp"

namespace coatcheck::warehouse::trino {

struct Decoder::State {
  std::vector<std::string> names;
  std::vector<std::string> types;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders;
  std::vector<std::unique_ptr<Appender>> appenders;
  Shared shared;

  // Reads one row; returns what is wrong with it, if something is.
  std::optional<Failure> append_row(JsonReader& json) {
    std::size_t column = 0;
    if (!json.array()) return not_understood("a row that is no array");
    for (; json.more_elements(); ++column) {
      if (column == appenders.size()) return not_understood("a row with more values than there are columns");
      if (!appenders[column]->append(json)) {
        return not_understood("a value of column '" + names[column] + "' that is no " + types[column] + shared.trouble);
      }
    }
    if (json.failed()) return not_understood("a row that is no array of values");
    if (column < appenders.size()) return not_understood("a row with fewer values than there are columns");
    return std::nullopt;
  }
};

Decoder::Decoder(const std::vector<Column>& columns) : state_(std::make_unique<State>()) {
  arrow::FieldVector fields;
  for (const auto& [name, type] : columns) {
    auto held = arrow_type(type);
    auto builder = arrow::MakeBuilder(held).ValueOrDie();  // Every type of arrow_type() has one.
    state_->appenders.push_back(make_appender(type, *builder, state_->shared));
    state_->builders.push_back(std::move(builder));
    state_->names.push_back(name);
    state_->types.push_back(type.name);
    fields.push_back(arrow::field(name, std::move(held)));
  }
  schema_ = arrow::schema(std::move(fields));
}

Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Result<rows::Batch, Failure> Decoder::decode(std::string_view rows) {
  JsonReader json(rows);
  std::int64_t count = 0;
  if (!json.array()) return not_understood("rows that are no array");
  while (json.more_elements()) {
    if (auto wrong = state_->append_row(json)) return *std::move(wrong);
    ++count;
  }
  if (json.failed() || !json.at_end()) return not_understood("rows that end too early");

  arrow::ArrayVector columns;
  for (const auto& builder : state_->builders) {
    std::shared_ptr<arrow::Array> column;
    if (const auto status = builder->Finish(&column); !status.ok()) return not_understood(status.ToString());
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, count, std::move(columns));
}

}  // namespace coatcheck::warehouse::trino
