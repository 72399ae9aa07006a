#include "telemetry/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <memory>

#include "base/clock.hpp"
#include "telemetry/log_line.hpp"

namespace coatcheck::telemetry {

namespace {

constexpr const char* human_pattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";
constexpr const char* json_pattern = "%v";

std::atomic<LogOptions::Style> log_style{LogOptions::Style::human};

std::unique_ptr<spdlog::formatter> formatter(LogOptions::Style style) {
  return std::make_unique<spdlog::pattern_formatter>(style == LogOptions::Style::json ? json_pattern : human_pattern,
                                                     spdlog::pattern_time_type::utc);
}

// Never destroyed, so that the destructors of statics may log.
spdlog::logger& logger() {
  static auto* const logger = [] {
    auto* made = new spdlog::logger("coatcheck", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_formatter(formatter(LogOptions::Style::human));
    made->set_level(spdlog::level::trace);  // Levels are decided before we get here.
    made->flush_on(spdlog::level::trace);
    made->set_error_handler([](const std::string&) {});  // Where would one complain about a broken stderr?
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void start_log(LogOptions options) {
  logger().set_formatter(formatter(options.style));
  log_style.store(options.style, std::memory_order_relaxed);
  set_log_level(options.level);
}

void set_log_level(Level level) { detail::log_level.store(level, std::memory_order_relaxed); }

void detail::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  const std::string line = log_style.load(std::memory_order_relaxed) == LogOptions::Style::json
                               ? json_line(system_clock().now(), level, event, fields)
                               : human_line(event, fields);
  logger().log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace coatcheck::telemetry
