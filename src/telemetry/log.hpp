#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace coatcheck::telemetry {

// error: somebody must act. warn: service is degraded. info: lifecycle. debug: the rest. SQL text and keys: never.
enum class Level { debug, info, warn, error };

// What a field says. Text is only referred to: it must live until the call that logs it returns.
class FieldValue {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  FieldValue(std::string_view text) : value_(text) {}                                   // NOLINT: implicit on purpose
  FieldValue(const std::string& text) : value_(text) {}                                 // NOLINT: implicit on purpose
  FieldValue(const char* text) : value_(text) {}                                        // NOLINT: implicit on purpose
  FieldValue(std::same_as<bool> auto yes) : value_(yes) {}                              // NOLINT: implicit on purpose
  FieldValue(std::floating_point auto number) : value_(static_cast<double>(number)) {}  // NOLINT: implicit on purpose
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  FieldValue(Number number)  // NOLINT: implicit on purpose
      : value_(static_cast<std::conditional_t<std::is_signed_v<Number>, std::int64_t, std::uint64_t>>(number)) {}

  const Value& get() const { return value_; }

 private:
  Value value_;
};

// One named fact about an event: {"query_id", id}, {"rows", 12}. The key carries the unit, if there is one.
struct Field {
  std::string_view key;
  FieldValue value;
};

struct LogOptions {
  enum class Style {
    human,  // 2026-11-22T16:53:00.123Z INFO  query_ended query_id=… rows=12
    json,   // {"time":"…","level":"info","event":"query_ended","query_id":"…","rows":12}
  };
  Level level = Level::info;
  Style style = Style::human;
};

// Sets how this process logs. Until it is called: people's style, from info up. May be called again.
void start_log(LogOptions options);

// Changes from which level on events are written, at any time.
void set_log_level(Level level);

namespace detail {
inline std::atomic<Level> log_level{Level::info};
void write(Level level, std::string_view event, std::initializer_list<Field> fields);
}  // namespace detail

// Whether an event of this level would be written. One atomic load.
inline bool is_logged(Level level) { return level >= detail::log_level.load(std::memory_order_relaxed); }

// Writes one event as one line to stderr, at once. Safe from any thread; never throws for a failing stderr.
//
// `event` is a name in snake_case that stays the same for every occurrence; what differs goes in fields.
// Whatever bytes a text has, it stays within its line and its field; past 16 KiB it is cut.
inline void log(Level level, std::string_view event, std::initializer_list<Field> fields = {}) {
  if (is_logged(level)) detail::write(level, event, fields);
}

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  log(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) { log(Level::info, event, fields); }
inline void warn(std::string_view event, std::initializer_list<Field> fields = {}) { log(Level::warn, event, fields); }
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  log(Level::error, event, fields);
}

}  // namespace coatcheck::telemetry
