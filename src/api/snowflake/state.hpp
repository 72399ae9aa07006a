#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "api/snowflake/errors.hpp"
#include "base/result.hpp"

namespace coatcheck::api::snowflake {

// The value of a session parameter, with the type by which it is shown (SHOW PARAMETERS, JSON).
struct ParameterValue {
  enum class Type { text, number, boolean };
  Type type = Type::text;
  std::string text = {};  // Of a number its digits; of a boolean "true" or "false".

  bool operator==(const ParameterValue&) const = default;
};

// Parameters by name in upper case.
using Settings = std::map<std::string, ParameterValue, std::less<>>;

// What statements of a session set and later ones see.
struct SessionState {
  std::string database = {};
  std::string schema = {};
  std::string warehouse = {};
  std::string role = {};
  // The query tag is QUERY_TAG among them. Only what was set, no defaults.
  Settings parameters = {};

  // The query tag, or "".
  std::string query_tag() const;

  bool operator==(const SessionState&) const = default;
};

inline constexpr std::size_t state_bytes_max = std::size_t{64} << 10;
inline constexpr std::size_t state_parameters_max = 500;

// Returns the state as one JSON object; members that are empty are left out. "{}" is a session without any.
std::string write_state(const SessionState& state);

// Errc::corrupt for anything that write_state() does not write.
Result<SessionState> read_state(std::string_view text);

// 990002, naming the limit, for a state that is past one.
Result<void, SnowflakeError> check_limits(const SessionState& state);

// Returns at most `bytes_max` of the text, without a part of a character (UTF-8).
std::string cut_text(std::string text, std::size_t bytes_max);

// Returns the name in upper case (ASCII), as parameters are kept by.
std::string parameter_name(std::string_view name);

}  // namespace coatcheck::api::snowflake
