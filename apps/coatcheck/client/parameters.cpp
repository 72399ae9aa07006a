#include "client/parameters.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <boost/json/parse.hpp>

#include "base/json_text.hpp"
#include "client/width.hpp"

namespace coatcheck::client {

namespace {

namespace json = boost::json;

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
constexpr std::string_view digits = "0123456789";

bool is_name(std::string_view text) {
  return !text.empty() && letters.find(text.front()) != std::string_view::npos &&
         text.find_first_not_of(std::string(letters).append(digits)) == std::string_view::npos;
}

bool is_type(std::string_view text) {
  return !text.empty() && letters.find(text.front()) != std::string_view::npos &&
         text.find_first_not_of(std::string(letters).append(digits).append("(), []")) == std::string_view::npos;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// Whether the text is a JSON number that keeps its value as one. A double keeps some 15 digits; what has more goes
// as text, and the warehouse reads it exactly.
bool is_number(std::string_view text) {
  boost::system::error_code wrong;
  const json::value value = json::parse(text, wrong);
  if (wrong) return false;
  return value.is_int64() || value.is_uint64() || (value.is_double() && text.size() <= 16);
}

std::string value_json(std::string_view text) {
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') return quoted(text.substr(1, text.size() - 2));
  if (text == "true" || text == "false" || text == "null" || is_number(text)) return std::string(text);
  return quoted(text);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.bytes == 1 && character.point >= 0x80) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

}  // namespace

std::string parameter_json(std::string_view written) {
  const std::size_t equals = written.find('=');
  if (equals == std::string_view::npos || written.starts_with('\'')) return value_json(written);
  const std::string_view left = written.substr(0, equals);
  const std::string_view value = written.substr(equals + 1);
  const std::size_t colon = left.find(':');
  const std::string_view name = left.substr(0, colon);
  const bool has_type = colon != std::string_view::npos;
  const std::string_view type = has_type ? left.substr(colon + 1) : std::string_view();
  if (!(name.empty() ? has_type : is_name(name)) || (has_type && !is_type(type))) return value_json(written);

  std::string out = "{";
  if (!name.empty()) out += "\"name\":" + quoted(name) + ",";
  if (has_type) out += "\"type\":" + quoted(type) + ",";
  return out + "\"value\":" + (has_type ? quoted(value) : value_json(value)) + "}";
}

Outcome<std::string> submit_json(const SubmitAsked& asked) {
  if (asked.statement.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return Trouble{ExitCode::usage, "there is no statement",
                   "give it like this: coatcheck submit 'SELECT 1', or with --file FILE, or - for standard input"};
  }
  if (!is_utf8(asked.statement)) return Trouble{ExitCode::usage, "the statement is not UTF-8"};
  std::string out = "{\"statement\":" + quoted(asked.statement);
  const auto text = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out += fmt::format(",\"{}\":", name) + quoted(value);
  };
  text("warehouse", asked.warehouse);
  text("timeout", asked.timeout);
  text("query_tag", asked.query_tag);
  text("result_ttl", asked.result_ttl);
  if (!asked.row_limit.empty()) out += ",\"row_limit\":" + asked.row_limit;
  if (!asked.priority.empty()) out += ",\"priority\":" + asked.priority;
  if (!asked.parameters.empty()) {
    out += ",\"parameters\":[";
    for (std::size_t i = 0; i < asked.parameters.size(); ++i) {
      out += (i == 0 ? "" : ",") + parameter_json(asked.parameters[i]);
    }
    out += ']';
  }
  return out + "}";
}

Outcome<std::string> random_idempotency_key() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return Trouble{ExitCode::local, "the system has no randomness to give"};
  }
  std::string key = "cli-";
  for (const unsigned char byte : bytes) key += fmt::format("{:02x}", byte);
  return key;
}

}  // namespace coatcheck::client
