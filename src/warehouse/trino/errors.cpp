#include "warehouse/trino/errors.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace coatcheck::warehouse::trino {

namespace {

struct Known {
  std::string_view name;
  FailureCategory category;
  std::string_view sqlstate;
  bool retryable = false;
};

// Names whose type does not say enough (StandardErrorCode of Trino).
constexpr std::array known = {
    Known{"SYNTAX_ERROR", FailureCategory::statement, "42601"},
    Known{"TABLE_NOT_FOUND", FailureCategory::statement, "42P01"},
    Known{"COLUMN_NOT_FOUND", FailureCategory::statement, "42703"},
    Known{"COLUMN_TYPE_UNKNOWN", FailureCategory::statement, "42704"},
    Known{"FUNCTION_NOT_FOUND", FailureCategory::statement, "42883"},
    Known{"PROCEDURE_NOT_FOUND", FailureCategory::statement, "42883"},
    Known{"SCHEMA_NOT_FOUND", FailureCategory::statement, "3F000"},
    Known{"MISSING_SCHEMA_NAME", FailureCategory::statement, "3F000"},
    Known{"CATALOG_NOT_FOUND", FailureCategory::statement, "3D000"},
    Known{"MISSING_CATALOG_NAME", FailureCategory::statement, "3D000"},
    Known{"TYPE_NOT_FOUND", FailureCategory::statement, "42704"},
    Known{"ROLE_NOT_FOUND", FailureCategory::statement, "42704"},
    Known{"AMBIGUOUS_NAME", FailureCategory::statement, "42702"},
    Known{"TYPE_MISMATCH", FailureCategory::statement, "42804"},
    Known{"TABLE_ALREADY_EXISTS", FailureCategory::statement, "42P07"},
    Known{"VIEW_ALREADY_EXISTS", FailureCategory::statement, "42P07"},
    Known{"SCHEMA_ALREADY_EXISTS", FailureCategory::statement, "42P06"},
    Known{"COLUMN_ALREADY_EXISTS", FailureCategory::statement, "42701"},
    Known{"DUPLICATE_COLUMN_NAME", FailureCategory::statement, "42701"},
    Known{"EXPRESSION_NOT_AGGREGATE", FailureCategory::statement, "42803"},
    Known{"DIVISION_BY_ZERO", FailureCategory::statement, "22012"},
    Known{"NUMERIC_VALUE_OUT_OF_RANGE", FailureCategory::statement, "22003"},
    Known{"INVALID_CAST_ARGUMENT", FailureCategory::statement, "22018"},
    Known{"INVALID_FUNCTION_ARGUMENT", FailureCategory::statement, "22023"},
    Known{"INVALID_LITERAL", FailureCategory::statement, "22018"},
    Known{"INVALID_PARAMETER_USAGE", FailureCategory::statement, "07001"},
    Known{"SUBQUERY_MULTIPLE_ROWS", FailureCategory::statement, "21000"},
    Known{"CONSTRAINT_VIOLATION", FailureCategory::statement, "23000"},
    Known{"NOT_SUPPORTED", FailureCategory::statement, "0A000"},
    Known{"TRANSACTION_CONFLICT", FailureCategory::statement, "40001", true},
    Known{"PERMISSION_DENIED", FailureCategory::permission, "42501"},
    Known{"READ_ONLY_VIOLATION", FailureCategory::permission, "25006"},
    Known{"USER_CANCELED", FailureCategory::canceled, "57014"},
    Known{"ADMINISTRATIVELY_KILLED", FailureCategory::canceled, "57014"},
    Known{"ADMINISTRATIVELY_PREEMPTED", FailureCategory::unavailable, "", true},
    Known{"ABANDONED_QUERY", FailureCategory::unavailable, "", true},
    Known{"ABANDONED_TASK", FailureCategory::unavailable, "", true},
    Known{"EXCEEDED_TIME_LIMIT", FailureCategory::timeout, "57014"},
    Known{"NO_NODES_AVAILABLE", FailureCategory::unavailable, "", true},
    Known{"SERVER_SHUTTING_DOWN", FailureCategory::unavailable, "57P01", true},
    Known{"SERVER_STARTING_UP", FailureCategory::unavailable, "57P03", true},
    Known{"REMOTE_TASK_ERROR", FailureCategory::unavailable, "", true},
    Known{"REMOTE_TASK_MISMATCH", FailureCategory::unavailable, "", true},
    Known{"REMOTE_TASK_FAILED", FailureCategory::unavailable, "", true},
    Known{"REMOTE_HOST_GONE", FailureCategory::unavailable, "", true},
    Known{"PAGE_TRANSPORT_ERROR", FailureCategory::unavailable, "", true},
    Known{"PAGE_TRANSPORT_TIMEOUT", FailureCategory::unavailable, "", true},
    Known{"TOO_MANY_REQUESTS_FAILED", FailureCategory::unavailable, "", true},
};

Known by_type(std::string_view type) {
  if (type == "USER_ERROR") return {{}, FailureCategory::statement, "42000"};
  if (type == "INSUFFICIENT_RESOURCES") return {{}, FailureCategory::resources, "53000", true};
  if (type == "EXTERNAL") return {{}, FailureCategory::unavailable, "", true};
  return {{}, FailureCategory::internal, "XX000"};
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Returns where the character of valid UTF-8 begins that has `count` characters before it, or the size of `text` if it
// has fewer.
std::size_t byte_of_character(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) {
    do ++at;
    while (at < text.size() && continues_character(text[at]));
  }
  return at;
}

// Returns the byte at which line and column are, in the client's statement.
std::optional<std::uint64_t> find_position(const TrinoError& error, const Sent& sent) {
  if (error.line == 0 || error.column == 0) return std::nullopt;
  std::size_t start = 0;
  for (auto line = error.line; line > 1; --line) {
    const auto end = sent.statement.find('\n', start);
    if (end == sent.statement.npos) return std::nullopt;
    start = end + 1;
  }
  auto characters = error.column - 1;
  if (error.line == 1) {
    if (characters < sent.columns_before) return std::nullopt;
    characters -= sent.columns_before;
  }
  return start + byte_of_character(sent.statement.substr(start), characters);
}

}  // namespace

Failure read_error(const TrinoError& error, const Sent& sent) {
  const auto found = std::ranges::find(known, error.name, &Known::name);
  const Known meaning = found != known.end() ? *found : by_type(error.type);
  return {.category = meaning.category,
          .code = error.name,
          .sqlstate = std::string(meaning.sqlstate),
          .message = error.message,
          .retryable = meaning.retryable,
          .position = find_position(error, sent)};
}

Failure canceled_failure() {
  return {.category = FailureCategory::canceled,
          .code = "USER_CANCELED",
          .sqlstate = "57014",
          .message = "The query was canceled."};
}

Failure not_understood(std::string_view what) { return upstream::not_understood("Trino", what); }

}  // namespace coatcheck::warehouse::trino
