#include <arrow/type.h>

#include <cstdint>
#include <limits>

#include "rows/text/binding.hpp"
#include "rows/text/calendar.hpp"
#include "rows/text/digits.hpp"

namespace coatcheck::rows::text {
namespace {

constexpr std::int64_t seconds_per_day = 86'400;

// DuckDB's infinite dates and timestamps are the largest value of the type and its negative.
template <class T>
constexpr bool is_infinite(T value) {
  return value == std::numeric_limits<T>::max() || value == -std::numeric_limits<T>::max();
}

template <Style style>
char* write_infinity(char* at, bool is_negative) {
  return write_word<style>(at, is_negative ? "-infinity" : "infinity");
}

template <Style style>
char* write_date32(Column& column, std::int64_t row, char* at, Scratch&) {
  const auto days = column.value<std::int32_t>(row);
  if (is_infinite(days)) [[unlikely]]
    return write_infinity<style>(at, days < 0);
  return quote<style>(column.date.write(quote<style>(at), days));
}

// Divides, rounding down.
struct Split {
  std::int64_t whole;
  std::int64_t rest;
};
template <std::int64_t divisor>
Split split(std::int64_t value) {
  Split parts{value / divisor, value % divisor};
  if (parts.rest < 0) {
    parts.rest += divisor;
    --parts.whole;
  }
  return parts;
}

template <Style style>
char* write_date64(Column& column, std::int64_t row, char* at, Scratch&) {
  const auto value = column.value<std::int64_t>(row);
  if (is_infinite(value)) [[unlikely]]
    return write_infinity<style>(at, value < 0);
  return quote<style>(column.date.write(quote<style>(at), split<seconds_per_day * 1000>(value).whole));
}

template <Style style, class T, std::int64_t parts>
char* write_time_value(Column& column, std::int64_t row, char* at, Scratch&) {
  return quote<style>(write_time<parts>(quote<style>(at), column.value<T>(row)));
}

template <Style style, std::int64_t parts, bool has_zone>
char* write_timestamp(Column& column, std::int64_t row, char* at, Scratch&) {
  const auto value = column.value<std::int64_t>(row);
  if (is_infinite(value)) [[unlikely]]
    return write_infinity<style>(at, value < 0);
  const Split moment = split<seconds_per_day * parts>(value);
  at = column.date.write(quote<style>(at), moment.whole);
  *at++ = 'T';
  at = write_time<parts>(at, moment.rest);
  if constexpr (has_zone) *at++ = 'Z';
  return quote<style>(at);
}

template <Style style, std::int64_t parts>
char* write_duration(Column& column, std::int64_t row, char* at, Scratch&) {
  return quote<style>(write_interval<parts>(quote<style>(at), 0, 0, column.value<std::int64_t>(row)));
}

template <Style style>
char* write_months(Column& column, std::int64_t row, char* at, Scratch&) {
  return quote<style>(write_interval<1>(quote<style>(at), column.value<std::int32_t>(row), 0, 0));
}

template <Style style>
char* write_day_time(Column& column, std::int64_t row, char* at, Scratch&) {
  const auto value = column.value<arrow::DayTimeIntervalType::DayMilliseconds>(row);
  return quote<style>(write_interval<1'000>(quote<style>(at), 0, value.days, value.milliseconds));
}

template <Style style>
char* write_month_day_nano(Column& column, std::int64_t row, char* at, Scratch&) {
  const auto value = column.value<arrow::MonthDayNanoIntervalType::MonthDayNanos>(row);
  return quote<style>(write_interval<1'000'000'000>(quote<style>(at), value.months, value.days, value.nanoseconds));
}

template <class T>
bool make_fixed(Column& column, Column::Write write, std::size_t bound) {
  column.write = write;
  column.bind_buffers = bind_fixed<T>;
  column.bound = bound + 2;
  return true;
}

template <Style style, std::int64_t parts>
bool make_timestamp(Column& column, bool has_zone) {
  return make_fixed<std::int64_t>(column,
                                  has_zone ? write_timestamp<style, parts, true> : write_timestamp<style, parts, false>,
                                  date_bytes + time_bytes + 2);
}

template <Style style>
bool make_timestamp(Column& column, const arrow::TimestampType& type) {
  const bool has_zone = !type.timezone().empty();
  switch (type.unit()) {
    case arrow::TimeUnit::SECOND: return make_timestamp<style, 1>(column, has_zone);
    case arrow::TimeUnit::MILLI: return make_timestamp<style, 1'000>(column, has_zone);
    case arrow::TimeUnit::MICRO: return make_timestamp<style, 1'000'000>(column, has_zone);
    case arrow::TimeUnit::NANO: return make_timestamp<style, 1'000'000'000>(column, has_zone);
  }
  return false;
}

template <Style style>
bool make_time(Column& column, arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return make_fixed<std::int32_t>(column, write_time_value<style, std::int32_t, 1>, time_bytes);
    case arrow::TimeUnit::MILLI:
      return make_fixed<std::int32_t>(column, write_time_value<style, std::int32_t, 1'000>, time_bytes);
    case arrow::TimeUnit::MICRO:
      return make_fixed<std::int64_t>(column, write_time_value<style, std::int64_t, 1'000'000>, time_bytes);
    case arrow::TimeUnit::NANO:
      return make_fixed<std::int64_t>(column, write_time_value<style, std::int64_t, 1'000'000'000>, time_bytes);
  }
  return false;
}

template <Style style>
bool make_duration(Column& column, arrow::TimeUnit::type unit) {
  Column::Write write = nullptr;
  switch (unit) {
    case arrow::TimeUnit::SECOND: write = write_duration<style, 1>; break;
    case arrow::TimeUnit::MILLI: write = write_duration<style, 1'000>; break;
    case arrow::TimeUnit::MICRO: write = write_duration<style, 1'000'000>; break;
    case arrow::TimeUnit::NANO: write = write_duration<style, 1'000'000'000>; break;
  }
  return make_fixed<std::int64_t>(column, write, interval_bytes);
}

template <Style style>
bool make_moment_in(Column& column, const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DATE32: return make_fixed<std::int32_t>(column, write_date32<style>, date_bytes);
    case arrow::Type::DATE64: return make_fixed<std::int64_t>(column, write_date64<style>, date_bytes);
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: return make_time<style>(column, static_cast<const arrow::TimeType&>(type).unit());
    case arrow::Type::TIMESTAMP: return make_timestamp<style>(column, static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::DURATION:
      return make_duration<style>(column, static_cast<const arrow::DurationType&>(type).unit());
    case arrow::Type::INTERVAL_MONTHS: return make_fixed<std::int32_t>(column, write_months<style>, interval_bytes);
    case arrow::Type::INTERVAL_DAY_TIME:
      return make_fixed<arrow::DayTimeIntervalType::DayMilliseconds>(column, write_day_time<style>, interval_bytes);
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return make_fixed<arrow::MonthDayNanoIntervalType::MonthDayNanos>(column, write_month_day_nano<style>,
                                                                        interval_bytes);
    default: return false;
  }
}

}  // namespace

bool make_moment(Column& column, const arrow::DataType& type, Style style) {
  return style == Style::json ? make_moment_in<Style::json>(column, type) : make_moment_in<Style::csv>(column, type);
}

}  // namespace coatcheck::rows::text
