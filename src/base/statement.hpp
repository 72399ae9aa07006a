#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace coatcheck {

// One value bound to a statement. Text stands for whatever `type` says ("DECIMAL(38,2)", "TIMESTAMP"):
// so no digit is lost on its way through JSON.
struct Parameter {
  using Value = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string>;

  std::string name = {};  // Without its sigil; empty for a positional one.
  std::string type = {};  // The warehouse's own type name; empty lets the value speak.
  Value value = {};

  bool operator==(const Parameter&) const = default;
};

// SQL as the client sent it, with what is bound to it. Parameters are all positional or all named.
struct Statement {
  std::string text;
  std::vector<Parameter> parameters = {};

  bool operator==(const Statement&) const = default;
};

// Whether a statement changes anything, as the engine says.
enum class StatementKind {
  unknown,  // Not said yet, or the engine cannot say: treated as a write.
  read,     // Running it twice harms nobody.
  write,
};

}  // namespace coatcheck
