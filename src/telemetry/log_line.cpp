#include "telemetry/log_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

#include "base/json_text.hpp"

namespace coatcheck::telemetry::detail {

namespace {

constexpr std::size_t text_bytes_max = 16 * 1024;
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

// Where a text that is too long ends: not within a character.
std::size_t cut_at(std::string_view text) {
  std::size_t end = text_bytes_max;
  for (int i = 0; i != 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80; ++i) --end;
  return end;
}

// Appends `text` between quotes, as JSON. Whatever is no UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text) {
  if (text.size() <= text_bytes_max) {
    append_json_string(out, text);
    return;
  }
  append_json_string(out, text.substr(0, cut_at(text)));
  out.insert(out.size() - 1, ellipsis);
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= text_bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '=';
  });
}

struct HumanValue {
  std::string& out;
  void operator()(std::string_view text) const {
    if (is_plain(text)) {
      out += text;
    } else {
      append_quoted(out, text);
    }
  }
  void operator()(bool yes) const { out += yes ? "true" : "false"; }
  void operator()(auto number) const { fmt::format_to(std::back_inserter(out), "{}", number); }
};

struct JsonValue {
  std::string& out;
  void operator()(std::string_view text) const { append_quoted(out, text); }
  void operator()(bool yes) const { out += yes ? "true" : "false"; }
  void operator()(double number) const {
    // JSON has no word for infinity.
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(out), "{}", number);
    } else {
      fmt::format_to(std::back_inserter(out), "\"{}\"", number);
    }
  }
  void operator()(auto number) const { fmt::format_to(std::back_inserter(out), "{}", number); }
};

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "error";
}

std::string human_line(std::string_view event, std::initializer_list<Field> fields) {
  std::string out;
  HumanValue{out}(event);
  for (const Field& field : fields) {
    out += ' ';
    HumanValue{out}(field.key);
    out += '=';
    std::visit(HumanValue{out}, field.value.get());
  }
  return out;
}

std::string json_line(Timestamp time, Level level, std::string_view event, std::initializer_list<Field> fields) {
  std::string out = "{\"time\":\"" + to_rfc3339(time) + "\",\"level\":\"";
  out += to_string(level);
  out += "\",\"event\":";
  append_quoted(out, event);
  for (const Field& field : fields) {
    out += ',';
    append_quoted(out, field.key);
    out += ':';
    std::visit(JsonValue{out}, field.value.get());
  }
  out += '}';
  return out;
}

}  // namespace coatcheck::telemetry::detail
