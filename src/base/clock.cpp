#include "base/clock.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace coatcheck {

namespace {

class SystemClock final : public Clock {
 public:
  Timestamp now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};

// Takes exactly `count` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i != count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

// Writes the last `count` digits of `value`.
void put_digits(char* at, unsigned value, std::size_t count) {
  for (std::size_t i = count; i != 0; value /= 10) at[--i] = static_cast<char>('0' + value % 10);
}

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<Unit, 5> duration_units = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

Error bad_time(std::string_view text) {
  return {Errc::invalid_argument, "not an RFC 3339 time: '" + std::string(text) + "'"};
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

void append_rfc3339(std::string& text, Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char form[] = "0000-00-00T00:00:00.000000Z";
  put_digits(&form[0], static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_digits(&form[5], static_cast<unsigned>(date.month()), 2);
  put_digits(&form[8], static_cast<unsigned>(date.day()), 2);
  put_digits(&form[11], static_cast<unsigned>(clock.hours().count()), 2);
  put_digits(&form[14], static_cast<unsigned>(clock.minutes().count()), 2);
  put_digits(&form[17], static_cast<unsigned>(clock.seconds().count()), 2);
  put_digits(&form[20], static_cast<unsigned>(clock.subseconds().count()), 6);
  text.append(form, sizeof(form) - 1);
}

std::string to_rfc3339(Timestamp time) {
  std::string text;
  append_rfc3339(text, time);
  return text;
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  std::string_view rest = text;
  const auto year = take_digits(rest, 4);
  if (!year || !take(rest, '-')) return bad_time(text);
  const auto month = take_digits(rest, 2);
  if (!month || !take(rest, '-')) return bad_time(text);
  const auto day = take_digits(rest, 2);
  if (!day || rest.empty() || (rest.front() != 'T' && rest.front() != 't' && rest.front() != ' '))
    return bad_time(text);
  rest.remove_prefix(1);
  const auto hour = take_digits(rest, 2);
  if (!hour || !take(rest, ':')) return bad_time(text);
  const auto minute = take_digits(rest, 2);
  if (!minute || !take(rest, ':')) return bad_time(text);
  const auto second = take_digits(rest, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return bad_time(text);

  std::int64_t microseconds = 0;
  if (take(rest, '.')) {
    std::int64_t scale = 100'000;
    bool any = false;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      microseconds += (rest.front() - '0') * scale;
      scale /= 10;
      rest.remove_prefix(1);
      any = true;
    }
    if (!any) return bad_time(text);
  }

  int offset_minutes = 0;
  if (!take(rest, 'Z') && !take(rest, 'z')) {
    const bool behind = !rest.empty() && rest.front() == '-';
    if (!behind && (rest.empty() || rest.front() != '+')) return bad_time(text);
    rest.remove_prefix(1);
    const auto hours = take_digits(rest, 2);
    if (!hours || !take(rest, ':')) return bad_time(text);
    const auto minutes = take_digits(rest, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return bad_time(text);
    offset_minutes = (*hours * 60 + *minutes) * (behind ? -1 : 1);
  }
  if (!rest.empty()) return bad_time(text);

  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return bad_time(text);
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute - offset_minutes) + std::chrono::seconds(*second) +
         std::chrono::microseconds(microseconds);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const Error bad{Errc::invalid_argument,
                  "not a duration: '" + std::string(text) + "' (write \"250ms\", \"30s\", \"5m\", \"24h\" or \"7d\")"};
  double number = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text.front() < '0' || text.front() > '9') return bad;
  const auto [rest, problem] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (problem != std::errc{}) return bad;
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& known : duration_units) {
    if (known.name != unit) continue;
    const double total = number * static_cast<double>(known.milliseconds);
    if (total > 366.0 * 86'400'000.0 * 100) return bad;
    return std::chrono::milliseconds(static_cast<std::int64_t>(total + 0.5));
  }
  return bad;
}

std::string to_string(std::chrono::milliseconds duration) {
  const std::int64_t count = duration.count();
  for (const Unit& unit : duration_units) {
    if (count != 0 && count % unit.milliseconds == 0)
      return std::to_string(count / unit.milliseconds) + std::string(unit.name);
  }
  return "0s";
}

}  // namespace coatcheck
