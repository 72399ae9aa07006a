#include "warehouse/snowflake/errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "warehouse/snowflake/connector.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

struct Known {
  std::string_view code;
  FailureCategory category;
  std::string_view sqlstate;  // If Snowflake says none.
  bool retryable = false;
};

// Codes whose SQLSTATE does not say enough.
constexpr std::array known = {
    Known{"000604", FailureCategory::canceled, "57014"},        Known{"000630", FailureCategory::timeout, "57014"},
    Known{"000606", FailureCategory::unavailable, "57P03"},      // No warehouse is selected.
    Known{"000610", FailureCategory::resources, "53300", true},  // Too many requests of one user.
    Known{"000625", FailureCategory::resources, "55P03", true},  // A lock was not got in time.
    Known{"000603", FailureCategory::internal, "XX000"},         // Snowflake's own mistake.
    Known{"003001", FailureCategory::permission, "42501"},       // Insufficient privileges.
    Known{"090073", FailureCategory::resources, "53000"},        // The warehouse's resource monitor is at its quota.
    Known{"390201", FailureCategory::permission, "42501"},       // The warehouse is not there, or not allowed.
    Known{"390189", FailureCategory::permission, "42501"},       // The role is not granted.
};

struct Class {
  std::string_view begins;
  FailureCategory category;
  bool retryable = false;
};

constexpr std::array classes = {
    Class{"42501", FailureCategory::permission},      Class{"57014", FailureCategory::canceled},
    Class{"40001", FailureCategory::statement, true}, Class{"53", FailureCategory::resources, true},
    Class{"57", FailureCategory::unavailable, true},  Class{"08", FailureCategory::unavailable, true},
    Class{"XX", FailureCategory::internal},
};

bool is_sqlstate(std::string_view text) {
  return text.size() == 5 && text != "00000" &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The byte of `line`, from 1, and `column`, from 0, which counts characters.
std::optional<std::uint64_t> byte_of(std::string_view statement, std::uint64_t line, std::uint64_t column) {
  std::size_t start = 0;
  for (; line > 1; --line) {
    const auto end = statement.find('\n', start);
    if (end == statement.npos) return std::nullopt;
    start = end + 1;
  }
  std::size_t at = start;
  for (; column > 0 && at < statement.size(); --column) {
    do ++at;
    while (at < statement.size() && continues_character(statement[at]));
  }
  return at;
}

// Reads "… error line 1 at position 7 …".
std::optional<std::uint64_t> find_position(std::string_view message, std::string_view statement) {
  constexpr std::string_view before_line = "error line ";
  constexpr std::string_view before_column = " at position ";
  const auto at = message.find(before_line);
  if (at == message.npos) return std::nullopt;
  auto rest = message.substr(at + before_line.size());
  const auto line = take_number(rest);
  if (!line || *line == 0 || !rest.starts_with(before_column)) return std::nullopt;
  rest.remove_prefix(before_column.size());
  const auto column = take_number(rest);
  if (!column) return std::nullopt;
  return byte_of(statement, *line, *column);
}

}  // namespace

Failure read_error(const Words& words, std::string_view statement) {
  Failure failure{.category = FailureCategory::statement,
                  .code = words.code,
                  .sqlstate = is_sqlstate(words.sqlstate) ? words.sqlstate : "",
                  .message = words.message.empty() ? "Snowflake says no more than that it failed." : words.message,
                  .position = find_position(words.message, statement)};
  if (const auto found = std::ranges::find(known, words.code, &Known::code); found != known.end()) {
    failure.category = found->category;
    failure.retryable = found->retryable;
    if (failure.sqlstate.empty()) failure.sqlstate = found->sqlstate;
    return failure;
  }
  const auto found =
      std::ranges::find_if(classes, [&](const Class& each) { return failure.sqlstate.starts_with(each.begins); });
  if (found != classes.end()) {
    failure.category = found->category;
    failure.retryable = found->retryable;
  }
  if (failure.sqlstate.empty()) failure.sqlstate = "42000";
  return failure;
}

bool is_gone(std::string_view code) { return code == "000709" || code == "000710" || code == "000612"; }

bool is_token_refused(std::string_view code) {
  constexpr std::array codes = {"390104", "390111", "390112", "390114", "390144", "390301", "390302",
                                "390303", "390318", "394300", "394301", "394302", "394400"};
  return std::ranges::find(codes, code) != codes.end();
}

Failure canceled_failure() {
  return {.category = FailureCategory::canceled,
          .code = "000604",
          .sqlstate = "57014",
          .message = "The query was canceled."};
}

Failure interrupted_failure() {
  return {.category = FailureCategory::interrupted,
          .message = "The server has stopped following this query; it may still run in Snowflake."};
}

Failure gone_failure(std::string_view words) {
  Failure failure{.category = FailureCategory::unavailable,
                  .code = std::string(result_gone_code),
                  .sqlstate = "02000",
                  .message = "Snowflake no longer knows this query or its result, which it keeps for a day."};
  if (!words.empty()) failure.message += " It says: " + std::string(words);
  return failure;
}

Failure not_understood(std::string_view what) { return upstream::not_understood("Snowflake", what); }

}  // namespace coatcheck::warehouse::snowflake
