#include "warehouse/adbc/parameter_text.hpp"

#include <arrow/api.h>
#include <arrow/util/base64.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "warehouse/adbc/statement_text.hpp"

namespace coatcheck::warehouse::adbc {

namespace {

using Scalar = std::shared_ptr<arrow::Scalar>;
using Type = std::shared_ptr<arrow::DataType>;

std::string not_a(const arrow::DataType& type) { return fmt::format("its text is not a {}", type.ToString()); }

// Reads "DECIMAL(p,s)", "DECIMAL(p)", "DECIMAL", or NUMERIC or NUMBER instead.
Type decimal_type(std::string_view name) {
  for (const std::string_view word : {"DECIMAL", "NUMERIC", "NUMBER"}) {
    if (!name.starts_with(word)) continue;
    auto rest = name.substr(word.size());
    if (rest.empty()) return arrow::decimal256(76, 0);
    if (rest.front() != '(' || rest.back() != ')') return nullptr;
    rest = rest.substr(1, rest.size() - 2);
    const auto comma = std::min(rest.find(','), rest.size());
    std::int32_t precision = 0;
    std::int32_t scale = 0;
    const auto read = [](std::string_view digits, std::int32_t& number) {
      digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      return error == std::errc() && end == digits.data() + digits.size();
    };
    if (!read(rest.substr(0, comma), precision)) return nullptr;
    if (comma != rest.size() && !read(rest.substr(comma + 1), scale)) return nullptr;
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return nullptr;
    return arrow::decimal128(precision, scale);
  }
  return nullptr;
}

Result<Scalar, std::string> read_decimal(const std::string& text, const Type& type) {
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
  arrow::Decimal128 value;
  std::int32_t precision = 0;
  std::int32_t scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok()) return not_a(*type);
  auto scaled = value.Rescale(scale, decimal.scale());
  if (!scaled.ok() || !scaled->FitsInPrecision(decimal.precision())) {
    return fmt::format("its number does not fit {} exactly", type->ToString());
  }
  return Scalar(std::make_shared<arrow::Decimal128Scalar>(*scaled, type));
}

Result<Scalar, std::string> read_bytes(const std::string& text) {
  auto bytes = arrow::util::base64_decode(text);
  if (!bytes.ok()) return std::string("its text is not base64");
  return Scalar(std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(*std::move(bytes))));
}

}  // namespace

Type named_type(const std::string& name) {
  static const std::array<std::pair<std::string_view, Type>, 30> types = {{
      {"BOOLEAN", arrow::boolean()},
      {"BOOL", arrow::boolean()},
      {"TINYINT", arrow::int16()},
      {"SMALLINT", arrow::int16()},
      {"INTEGER", arrow::int32()},
      {"INT", arrow::int32()},
      {"BIGINT", arrow::int64()},
      {"FLOAT", arrow::float32()},
      {"REAL", arrow::float32()},
      {"DOUBLE", arrow::float64()},
      {"DOUBLE PRECISION", arrow::float64()},
      {"VARCHAR", arrow::utf8()},
      {"TEXT", arrow::utf8()},
      {"STRING", arrow::utf8()},
      {"CHAR", arrow::utf8()},
      {"JSON", arrow::utf8()},
      {"JSONB", arrow::utf8()},
      {"UUID", arrow::utf8()},
      {"INTERVAL", arrow::utf8()},
      {"BLOB", arrow::binary()},
      {"BYTEA", arrow::binary()},
      {"BINARY", arrow::binary()},
      {"DATE", arrow::date32()},
      {"TIME", arrow::time64(arrow::TimeUnit::MICRO)},
      {"TIMESTAMP", arrow::timestamp(arrow::TimeUnit::MICRO)},
      {"DATETIME", arrow::timestamp(arrow::TimeUnit::MICRO)},
      {"TIMESTAMP_NS", arrow::timestamp(arrow::TimeUnit::NANO)},
      {"TIMESTAMPTZ", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"TIMESTAMP WITH TIME ZONE", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"TIMESTAMP_TZ", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
  }};
  const auto wanted = upper(name);
  const auto* found = std::ranges::find(types, wanted, &std::pair<std::string_view, Type>::first);
  return found != types.end() ? found->second : decimal_type(wanted);
}

bool can_be_read(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DECIMAL128: return true;
    default: return false;
  }
}

Result<Scalar, std::string> read_text(const std::string& text, const Type& type) {
  switch (type->id()) {
    case arrow::Type::STRING:
      arrow::util::InitializeUTF8();
      if (!arrow::util::ValidateUTF8(text)) return std::string("its text is not valid UTF-8");
      return Scalar(std::make_shared<arrow::StringScalar>(text));
    case arrow::Type::BINARY: return read_bytes(text);
    case arrow::Type::DECIMAL128: return read_decimal(text, type);
    default: break;
  }
  auto scalar = arrow::Scalar::Parse(type, text);
  if (!scalar.ok()) return not_a(*type);
  return *scalar;
}

std::int32_t scale_of(std::string_view text) {
  arrow::Decimal128 value;
  std::int32_t precision = 0;
  std::int32_t scale = 0;
  return arrow::Decimal128::FromString(text, &value, &precision, &scale).ok() ? std::max(scale, 0) : 0;
}

}  // namespace coatcheck::warehouse::adbc
