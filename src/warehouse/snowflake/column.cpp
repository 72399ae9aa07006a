#include "warehouse/snowflake/column.hpp"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "warehouse/snowflake/errors.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr std::int64_t precision_max = 38;
constexpr std::int64_t int64_digits = 18;
constexpr std::int64_t micro_digits = 6;
constexpr std::int64_t nano_digits = 9;

struct Named {
  std::string_view name;
  Kind kind;
};

constexpr std::array kinds = {
    Named{"fixed", Kind::fixed},
    Named{"real", Kind::real},
    Named{"boolean", Kind::boolean},
    Named{"binary", Kind::binary},
    Named{"date", Kind::date},
    Named{"time", Kind::time},
    Named{"timestamp_ntz", Kind::instant},
    Named{"timestamp_ltz", Kind::instant},
    Named{"timestamp_tz", Kind::zoned_instant},
};

struct Described {
  Column column;
  std::shared_ptr<arrow::DataType> held;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

arrow::TimeUnit::type unit_of(std::int64_t scale) {
  return scale <= micro_digits ? arrow::TimeUnit::MICRO : arrow::TimeUnit::NANO;
}

std::optional<Described> describe(const ColumnSaid& said) {
  const auto type = lower(said.type);
  const auto found = std::ranges::find(kinds, type, &Named::name);
  const auto kind = found == kinds.end() ? Kind::text : found->kind;
  const auto scale = said.scale;
  const auto is_moment = kind == Kind::time || kind == Kind::instant || kind == Kind::zoned_instant;
  if (is_moment && (scale < 0 || scale > nano_digits)) return std::nullopt;
  const auto with_scale = is_moment ? fmt::format("{}({})", type, scale) : type;
  switch (kind) {
    case Kind::fixed: {
      if (said.precision < 1 || said.precision > precision_max || scale < 0 || scale > said.precision) {
        return std::nullopt;
      }
      const auto name = fmt::format("number({},{})", said.precision, scale);
      if (scale == 0 && said.precision <= int64_digits) return Described{{said.name, name, kind}, arrow::int64()};
      return Described{{said.name, name, kind},
                       arrow::decimal128(static_cast<int>(said.precision), static_cast<int>(scale))};
    }
    case Kind::real: return Described{{said.name, type, kind}, arrow::float64()};
    case Kind::boolean: return Described{{said.name, type, kind}, arrow::boolean()};
    case Kind::binary: return Described{{said.name, type, kind}, arrow::binary()};
    case Kind::date: return Described{{said.name, type, kind}, arrow::date32()};
    case Kind::time: return Described{{said.name, with_scale, kind}, arrow::time64(unit_of(scale))};
    case Kind::instant: {
      const auto zone = type == "timestamp_ltz" ? "UTC" : "";
      return Described{{said.name, with_scale, kind}, arrow::timestamp(unit_of(scale), zone)};
    }
    case Kind::zoned_instant: return Described{{said.name, with_scale, kind}, arrow::timestamp(unit_of(scale), "UTC")};
    case Kind::text: break;
  }
  return Described{{said.name, type, Kind::text}, arrow::utf8()};
}

}  // namespace

Outcome<std::shared_ptr<const Columns>> read_columns(const std::vector<ColumnSaid>& said) {
  auto columns = std::make_shared<Columns>();
  arrow::FieldVector fields;
  for (const auto& each : said) {
    auto described = describe(each);
    if (!described) return not_understood(fmt::format("a column of an impossible type ({})", each.type));
    fields.push_back(arrow::field(described->column.name, std::move(described->held)));
    columns->columns.push_back(std::move(described->column));
  }
  columns->schema = arrow::schema(std::move(fields));
  return std::shared_ptr<const Columns>(std::move(columns));
}

}  // namespace coatcheck::warehouse::snowflake
