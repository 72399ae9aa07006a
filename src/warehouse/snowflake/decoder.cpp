#include "warehouse/snowflake/decoder.hpp"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "warehouse/snowflake/cells.hpp"
#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/value.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr std::int64_t day_seconds = 86'400;

std::int64_t per_second(arrow::TimeUnit::type unit) {
  return unit == arrow::TimeUnit::MICRO ? 1'000'000 : 1'000'000'000;
}

// Writes the values of one column. False if a text is none of its values, or there is no memory.
class Appender {
 public:
  explicit Appender(const arrow::DataType& type)
      : type_(type), builder_(arrow::MakeBuilder(type.GetSharedPtr()).ValueOrDie()) {}
  virtual ~Appender() = default;

  virtual bool append(std::string_view text) = 0;
  bool append_null() { return builder_->AppendNull().ok(); }
  arrow::Result<std::shared_ptr<arrow::Array>> finish() { return builder_->Finish(); }

 protected:
  template <class Builder>
  Builder& builder() {
    return static_cast<Builder&>(*builder_);
  }
  const arrow::DataType& type() const { return type_; }

 private:
  const arrow::DataType& type_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
};

// A column whose texts are read by a function.
template <class Builder, class Read>
class ReadAppender final : public Appender {
 public:
  ReadAppender(const arrow::DataType& type, Read read) : Appender(type), read_(std::move(read)) {}
  bool append(std::string_view text) override {
    const auto value = read_(text);
    return value && builder<Builder>().Append(*value).ok();
  }

 private:
  Read read_;
};

template <class Builder, class Read>
std::unique_ptr<Appender> reading(const arrow::DataType& type, Read read) {
  return std::make_unique<ReadAppender<Builder, Read>>(type, std::move(read));
}

std::optional<arrow::Decimal128> read_decimal(std::string_view text, std::int32_t precision, std::int32_t scale) {
  arrow::Decimal128 value;
  std::int32_t own_precision = 0;
  std::int32_t own_scale = 0;
  if (!is_decimal(text) || !arrow::Decimal128::FromString(text, &value, &own_precision, &own_scale).ok()) {
    return std::nullopt;
  }
  const auto rescaled = value.Rescale(own_scale, scale);
  if (!rescaled.ok() || !rescaled->FitsInPrecision(precision)) return std::nullopt;
  return *rescaled;
}

std::optional<std::int32_t> read_days(std::string_view text) {
  const auto days = read_integer(text);
  if (!days || *days != static_cast<std::int32_t>(*days)) return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

class BinaryAppender final : public Appender {
 public:
  using Appender::Appender;
  bool append(std::string_view text) override {
    bytes_.clear();
    return read_hex(text, bytes_) && builder<arrow::BinaryBuilder>().Append(bytes_).ok();
  }

 private:
  std::string bytes_;
};

std::unique_ptr<Appender> make_appender(const Column& column, const arrow::DataType& type) {
  switch (column.kind) {
    case Kind::fixed: {
      if (type.id() == arrow::Type::INT64) return reading<arrow::Int64Builder>(type, read_integer);
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return reading<arrow::Decimal128Builder>(
          type, [p = decimal.precision(), s = decimal.scale()](auto text) { return read_decimal(text, p, s); });
    }
    case Kind::real: return reading<arrow::DoubleBuilder>(type, read_real);
    case Kind::boolean: return reading<arrow::BooleanBuilder>(type, read_boolean);
    case Kind::binary: return std::make_unique<BinaryAppender>(type);
    case Kind::date: return reading<arrow::Date32Builder>(type, read_days);
    case Kind::time: {
      const auto unit = per_second(static_cast<const arrow::TimeType&>(type).unit());
      return reading<arrow::Time64Builder>(type, [unit](auto text) -> std::optional<std::int64_t> {
        const auto time = read_seconds(text, unit);
        if (!time || *time < 0 || *time >= day_seconds * unit) return std::nullopt;
        return time;
      });
    }
    case Kind::instant:
    case Kind::zoned_instant: {
      const auto unit = per_second(static_cast<const arrow::TimestampType&>(type).unit());
      const auto read = column.kind == Kind::instant ? read_seconds : read_zoned_seconds;
      const auto finer = column.is_cut ? Finer::cut : Finer::refused;
      return reading<arrow::TimestampBuilder>(type, [unit, read, finer](auto text) { return read(text, unit, finer); });
    }
    case Kind::text: break;
  }
  return reading<arrow::StringBuilder>(type, [](auto text) { return std::optional(text); });
}

// What is wrong with a value, in words that help where the value is good and our number cannot hold it.
Failure wrong_value(const Column& column, const arrow::DataType& type, std::string_view text) {
  const bool is_instant = column.kind == Kind::instant || column.kind == Kind::zoned_instant;
  const auto read = column.kind == Kind::instant ? read_seconds : read_zoned_seconds;
  const bool is_good = is_instant && read(text, 1, Finer::cut);
  if (is_good && per_second(static_cast<const arrow::TimestampType&>(type).unit()) > 1'000'000) {
    return statement_failure("22008", fmt::format("A value of column '{}' is out of the years 1677 to 2262, which the "
                                                  "nanoseconds of its other values allow: cast it to a precision of 6, "
                                                  "or to VARCHAR.",
                                                  column.name));
  }
  if (is_good && has_nanoseconds(text)) {
    return statement_failure("22008", fmt::format("A value of column '{}' has nanoseconds, and those in the result's "
                                                  "first partition had none: cast it to a precision of 6 to do without "
                                                  "them, or to VARCHAR to keep them.",
                                                  column.name));
  }
  return not_understood(fmt::format("a value of column '{}' that is no {}", column.name, column.type));
}

class BatchMaker final : public CellReader {
 public:
  explicit BatchMaker(const Columns& columns) : columns_(columns) {
    for (std::size_t i = 0; i < columns.columns.size(); ++i) {
      appenders_.push_back(make_appender(columns.columns[i], type(i)));
    }
  }

  bool begin_row() override {
    at_ = 0;
    return true;
  }
  bool cell(std::optional<std::string_view> text) override {
    if (at_ == appenders_.size()) return fail(not_understood("a row with more values than there are columns"));
    const auto column = at_++;
    if (!text) return appenders_[column]->append_null();
    if (appenders_[column]->append(*text)) return true;
    return fail(wrong_value(columns_.columns[column], type(column), *text));
  }
  bool end_row() override {
    ++rows_;
    if (at_ == appenders_.size()) return true;
    return fail(not_understood("a row with fewer values than there are columns"));
  }

  Failure take_failure() {
    return failure_ ? *std::move(failure_) : not_understood("rows that are no arrays of texts, or end too early");
  }

  Outcome<rows::Batch> finish(std::optional<std::uint64_t> expected) {
    if (expected && *expected != static_cast<std::uint64_t>(rows_)) {
      return not_understood(fmt::format("{} rows where it promised {}", rows_, *expected));
    }
    arrow::ArrayVector arrays;
    for (const auto& appender : appenders_) {
      auto array = appender->finish();
      if (!array.ok()) return not_understood(array.status().message());
      arrays.push_back(std::move(*array));
    }
    return arrow::RecordBatch::Make(columns_.schema, rows_, std::move(arrays));
  }

 private:
  const arrow::DataType& type(std::size_t column) const {
    return *columns_.schema->field(static_cast<int>(column))->type();
  }
  bool fail(Failure failure) {
    failure_ = std::move(failure);
    return false;
  }

  const Columns& columns_;
  std::vector<std::unique_ptr<Appender>> appenders_;
  std::size_t at_ = 0;
  std::int64_t rows_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace

Outcome<rows::Batch> decode_rows(const Columns& columns, std::string_view body, std::optional<std::uint64_t> rows) {
  BatchMaker maker(columns);
  if (!read_cells(body, maker)) return maker.take_failure();
  return maker.finish(rows);
}

}  // namespace coatcheck::warehouse::snowflake
