#include "warehouse/trino/appender.hpp"

#include <arrow/util/base64.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "warehouse/trino/utf8.hpp"

namespace coatcheck::warehouse::trino {

namespace {

// A value without parts. Numbers, words and strings of JSON are all taken by their characters, for the protocol writes
// some types now as one, now as the other ("NaN" beside 1.5), and keys of maps always as strings.
template <class Builder, class Read>
class Scalar final : public Appender {
 public:
  Scalar(arrow::ArrayBuilder& builder, Read read) : builder_(static_cast<Builder&>(builder)), read_(std::move(read)) {}

  bool append(JsonReader& json) override {
    switch (json.peek()) {
      case JsonReader::Kind::null: return json.null() && builder_.AppendNull().ok();
      case JsonReader::Kind::boolean: return append_text(json.boolean().value_or(false) ? "true" : "false");
      case JsonReader::Kind::number: {
        const auto text = json.number();
        return text && append_text(*text);
      }
      case JsonReader::Kind::string: {
        const auto text = json.string();
        return text && append_text(*text);
      }
      case JsonReader::Kind::array:
      case JsonReader::Kind::object:
      case JsonReader::Kind::wrong: return false;
    }
    return false;
  }

  bool append_text(std::string_view text) override {
    const auto value = read_(text);
    return value && builder_.Append(*value).ok();
  }

 private:
  Builder& builder_;
  Read read_;
};

template <class Builder, class Read>
std::unique_ptr<Appender> scalar(arrow::ArrayBuilder& builder, Read read) {
  return std::make_unique<Scalar<Builder, Read>>(builder, std::move(read));
}

std::optional<bool> read_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

template <class Number>
std::optional<Number> read_integer(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Number>
std::optional<Number> read_float(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<Number>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<Number>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<Number>::infinity();
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // from_chars knows words ("inf") that Trino does not write.
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::unique_ptr<Appender> decimal(const Type& type, arrow::ArrayBuilder& builder) {
  const auto scale = static_cast<std::int32_t>(type.numbers[1]);
  const auto digits = static_cast<std::int32_t>(type.numbers[0]);
  return scalar<arrow::Decimal128Builder>(builder, [=](std::string_view text) -> std::optional<arrow::Decimal128> {
    arrow::Decimal128 value;
    std::int32_t precision = 0;
    std::int32_t written = 0;
    if (text.size() > 60 || !arrow::Decimal128::FromString(text, &value, &precision, &written).ok())
      return std::nullopt;
    const auto scaled = value.Rescale(written, scale);
    if (!scaled.ok() || !scaled->FitsInPrecision(digits)) return std::nullopt;
    return *scaled;
  });
}

std::optional<std::string> read_bytes(std::string_view text) {
  auto bytes = arrow::util::base64_decode(text);
  if (!bytes.ok()) return std::nullopt;
  return *std::move(bytes);
}

using Mdn = arrow::MonthDayNanoIntervalType::MonthDayNanos;

std::optional<Mdn> read_months(std::string_view text) {
  const auto months = read_year_month(text);
  if (!months) return std::nullopt;
  return Mdn{*months, 0, 0};
}

std::optional<Mdn> read_days(std::string_view text) {
  const auto read = read_day_second(text);
  if (!read) return std::nullopt;
  return Mdn{0, read->days, read->nanoseconds};
}

std::unique_ptr<Appender> temporal(const Type& type, arrow::ArrayBuilder& builder, Shared& shared) {
  const bool nanoseconds =
      type.name == "time" ? static_cast<const arrow::Time64Type&>(*builder.type()).unit() == arrow::TimeUnit::NANO
                          : static_cast<const arrow::TimestampType&>(*builder.type()).unit() == arrow::TimeUnit::NANO;
  const std::int64_t per_second = nanoseconds ? 1'000'000'000 : 1'000'000;
  if (type.name == "time") {
    return scalar<arrow::Time64Builder>(builder, [=](std::string_view text) { return read_time(text, per_second); });
  }
  const bool zoned = type.name == "timestamp with time zone";
  return scalar<arrow::TimestampBuilder>(builder, [=, &shared](std::string_view text) {
    const auto read = zoned ? shared.zones.read_instant(text, per_second) : read_timestamp(text, per_second);
    if (!read && nanoseconds) {
      shared.trouble = "; nanoseconds reach from the year 1677 to 2262: cast it to a precision of 6";
    } else if (!read && zoned) {
      shared.trouble = "; or its zone is not known to this machine (is its time zone database installed?)";
    }
    return read;
  });
}

// Whatever Arrow has no type for, as Trino writes it.
class Text final : public Appender {
 public:
  explicit Text(arrow::ArrayBuilder& builder) : builder_(static_cast<arrow::StringBuilder&>(builder)) {}

  bool append(JsonReader& json) override {
    if (json.peek() == JsonReader::Kind::null) return json.null() && builder_.AppendNull().ok();
    if (json.peek() == JsonReader::Kind::string) {
      const auto text = json.string();
      return text && append_text(*text);
    }
    const auto raw = json.skip();  // Which does not look into strings.
    return raw && is_utf8(*raw) && append_text(*raw);
  }
  bool append_text(std::string_view text) override { return builder_.Append(text).ok(); }

 private:
  arrow::StringBuilder& builder_;
};

class List final : public Appender {
 public:
  List(const Type& type, arrow::ArrayBuilder& builder, Shared& shared)
      : builder_(static_cast<arrow::ListBuilder&>(builder)),
        element_(make_appender(type.parts[0], *builder_.value_builder(), shared)) {}

  bool append(JsonReader& json) override {
    if (json.peek() == JsonReader::Kind::null) return json.null() && builder_.AppendNull().ok();
    if (!builder_.Append().ok() || !json.array()) return false;
    while (json.more_elements()) {
      if (!element_->append(json)) return false;
    }
    return !json.failed();
  }
  bool append_text(std::string_view) override { return false; }

 private:
  arrow::ListBuilder& builder_;
  std::unique_ptr<Appender> element_;
};

class Map final : public Appender {
 public:
  Map(const Type& type, arrow::ArrayBuilder& builder, Shared& shared)
      : builder_(static_cast<arrow::MapBuilder&>(builder)),
        key_(type.parts[0].parts.empty() ? make_appender(type.parts[0], *builder_.key_builder(), shared)
                                         : std::make_unique<Text>(*builder_.key_builder())),
        item_(make_appender(type.parts[1], *builder_.item_builder(), shared)) {}

  bool append(JsonReader& json) override {
    if (json.peek() == JsonReader::Kind::null) return json.null() && builder_.AppendNull().ok();
    if (!builder_.Append().ok() || !json.object()) return false;
    while (const auto key = json.more_members()) {
      if (!key_->append_text(*key) || !item_->append(json)) return false;
    }
    return !json.failed();
  }
  bool append_text(std::string_view) override { return false; }

 private:
  arrow::MapBuilder& builder_;
  std::unique_ptr<Appender> key_;
  std::unique_ptr<Appender> item_;
};

class Row final : public Appender {
 public:
  Row(const Type& type, arrow::ArrayBuilder& builder, Shared& shared)
      : builder_(static_cast<arrow::StructBuilder&>(builder)) {
    for (std::size_t i = 0; i < type.parts.size(); ++i) {
      parts_.push_back(make_appender(type.parts[i], *builder_.field_builder(static_cast<int>(i)), shared));
    }
  }

  bool append(JsonReader& json) override {
    if (json.peek() == JsonReader::Kind::null) return json.null() && builder_.AppendNull().ok();
    if (!builder_.Append().ok() || !json.array()) return false;
    std::size_t part = 0;
    for (; json.more_elements(); ++part) {
      if (part == parts_.size() || !parts_[part]->append(json)) return false;
    }
    return !json.failed() && part == parts_.size();
  }
  bool append_text(std::string_view) override { return false; }

 private:
  arrow::StructBuilder& builder_;
  std::vector<std::unique_ptr<Appender>> parts_;
};

}  // namespace

std::unique_ptr<Appender> make_appender(const Type& type, arrow::ArrayBuilder& builder, Shared& shared) {
  // By the Arrow type: it says what arrow_type() has made of Trino's.
  switch (builder.type()->id()) {
    case arrow::Type::BOOL: return scalar<arrow::BooleanBuilder>(builder, read_boolean);
    case arrow::Type::INT8: return scalar<arrow::Int8Builder>(builder, read_integer<std::int8_t>);
    case arrow::Type::INT16: return scalar<arrow::Int16Builder>(builder, read_integer<std::int16_t>);
    case arrow::Type::INT32: return scalar<arrow::Int32Builder>(builder, read_integer<std::int32_t>);
    case arrow::Type::INT64: return scalar<arrow::Int64Builder>(builder, read_integer<std::int64_t>);
    case arrow::Type::FLOAT: return scalar<arrow::FloatBuilder>(builder, read_float<float>);
    case arrow::Type::DOUBLE: return scalar<arrow::DoubleBuilder>(builder, read_float<double>);
    case arrow::Type::DECIMAL128: return decimal(type, builder);
    case arrow::Type::BINARY: return scalar<arrow::BinaryBuilder>(builder, read_bytes);
    case arrow::Type::DATE32: return scalar<arrow::Date32Builder>(builder, read_date);
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: return temporal(type, builder, shared);
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return type.name == "interval year to month" ? scalar<arrow::MonthDayNanoIntervalBuilder>(builder, read_months)
                                                   : scalar<arrow::MonthDayNanoIntervalBuilder>(builder, read_days);
    case arrow::Type::LIST: return std::make_unique<List>(type, builder, shared);
    case arrow::Type::MAP: return std::make_unique<Map>(type, builder, shared);
    case arrow::Type::STRUCT: return std::make_unique<Row>(type, builder, shared);
    default: return std::make_unique<Text>(builder);
  }
}

}  // namespace coatcheck::warehouse::trino
