#include "warehouse/duckdb/errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace coatcheck::warehouse::duckdb {

namespace {

struct Class {
  std::string_view name;
  FailureCategory category;
  std::string_view sqlstate;
};

// Classes that are not here are mistakes of the statement without a standard state.
constexpr std::array classes = {
    Class{"Parser Error", FailureCategory::statement, "42601"},
    Class{"Syntax Error", FailureCategory::statement, "42601"},
    Class{"Binder Error", FailureCategory::statement, "42000"},
    Class{"Catalog Error", FailureCategory::statement, "42704"},
    Class{"Conversion Error", FailureCategory::statement, "22018"},
    Class{"Out of Range Error", FailureCategory::statement, "22003"},
    Class{"Divide by Zero Error", FailureCategory::statement, "22012"},
    Class{"Constraint Error", FailureCategory::statement, "23000"},
    Class{"Not implemented Error", FailureCategory::statement, "0A000"},
    Class{"TransactionContext Error", FailureCategory::statement, "40001"},
    Class{"Permission Error", FailureCategory::permission, "42501"},
    Class{"Out of Memory Error", FailureCategory::resources, "53200"},
    Class{"INTERRUPT Error", FailureCategory::canceled, "57014"},
    Class{"Interrupt Error", FailureCategory::canceled, "57014"},
    Class{"HTTP Error", FailureCategory::unavailable, ""},
    Class{"Connection Error", FailureCategory::unavailable, ""},
    Class{"Network Error", FailureCategory::unavailable, ""},
    Class{"FATAL Error", FailureCategory::unavailable, ""},
    Class{"INTERNAL Error", FailureCategory::internal, ""},
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// States that hang on more than the class of error.
std::string_view exact_state(const Class& found, std::string_view message) {
  if (found.name == "Catalog Error") {
    if (message.starts_with("Table with name")) return "42P01";
    if (contains(message, "Function with name")) return "42883";
    if (message.starts_with("Schema with name")) return "3F000";
  }
  if (found.name == "Binder Error" && message.starts_with("Referenced column")) return "42703";
  if (found.name == "Conversion Error" && contains(message, "out of range")) return "22003";
  if (found.name == "Constraint Error" && contains(message, "uplicate key")) return "23505";
  return found.sqlstate;
}

// Returns where line `number` (from 1) begins.
std::optional<std::size_t> line_start(std::string_view text, std::size_t number) {
  std::size_t start = 0;
  for (; number > 1; --number) {
    const auto end = text.find('\n', start);
    if (end == text.npos) return std::nullopt;
    start = end + 1;
  }
  return start;
}

// DuckDB shows the line, cut to "...<part>..." if it is long, and under it a caret. The caret counts
// columns as drawn; only where each character before it is one ASCII byte is that surely the byte.
std::optional<std::uint64_t> find_position(std::string_view block, std::string_view statement) {
  block.remove_prefix(std::string_view("LINE ").size());
  std::size_t number = 0;
  const auto [digits_end, error] = std::from_chars(block.data(), block.data() + block.size(), number);
  const auto colon = static_cast<std::size_t>(digits_end - block.data());
  if (error != std::errc() || number == 0 || !block.substr(colon).starts_with(": ")) return std::nullopt;
  const auto line_end = block.find('\n');
  if (line_end == block.npos) return std::nullopt;
  auto shown = block.substr(colon + 2, line_end - colon - 2);
  const auto caret = block.substr(line_end + 1).find('^');
  const auto indent = std::string_view("LINE ").size() + colon + 2;
  if (caret == block.npos || caret < indent) return std::nullopt;
  auto column = caret - indent;

  const auto start = line_start(statement, number);
  if (!start) return std::nullopt;
  const auto line = statement.substr(*start, statement.find('\n', *start) - *start);
  if (column > shown.size() ||
      !std::ranges::all_of(shown.substr(0, column), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return std::nullopt;
  }
  if (line.starts_with(shown)) return *start + column;
  if (shown.ends_with("...")) shown.remove_suffix(3);
  if (line.starts_with(shown) && column <= shown.size()) return *start + column;
  if (!shown.starts_with("...") || column < 3) return std::nullopt;
  shown.remove_prefix(3);
  column -= 3;
  const auto found = line.find(shown);
  if (found == line.npos || line.find(shown, found + 1) != line.npos) return std::nullopt;
  return *start + found + column;
}

}  // namespace

Failure read_error(std::string_view words, std::string_view statement) {
  Failure failure{.category = FailureCategory::statement, .message = std::string(words)};
  auto message = words;
  if (const auto block = words.rfind("\n\nLINE "); block != words.npos) {
    failure.position = find_position(words.substr(block + 2), statement);
    message = words.substr(0, block);
  }
  constexpr std::string_view separator = " Error: ";
  if (const auto end = message.find(separator); end != message.npos && end < 40) {
    failure.code = std::string(message.substr(0, end + separator.size() - 2));
    message.remove_prefix(end + separator.size());
  }
  failure.message = std::string(message);
  if (const auto found = std::ranges::find(classes, failure.code, &Class::name); found != classes.end()) {
    failure.category = found->category;
    failure.sqlstate = exact_state(*found, message);
  }
  // A file that is not there is the statement's mistake; any other trouble with files is not.
  if (failure.code == "IO Error" && !contains(message, "No files found")) {
    failure.category = FailureCategory::unavailable;
  }
  failure.retryable = failure.category == FailureCategory::resources || failure.sqlstate == "40001" ||
                      failure.category == FailureCategory::unavailable;
  return failure;
}

Failure statement_failure(std::string_view sqlstate, std::string_view message) {
  return {.category = FailureCategory::statement, .sqlstate = std::string(sqlstate), .message = std::string(message)};
}

Failure not_allowed(std::string_view message) {
  return {.category = FailureCategory::permission,
          .code = "Permission Error",
          .sqlstate = "42501",
          .message = std::string(message)};
}

Failure canceled_failure() {
  return {.category = FailureCategory::canceled, .sqlstate = "57014", .message = "The query was canceled."};
}

}  // namespace coatcheck::warehouse::duckdb
