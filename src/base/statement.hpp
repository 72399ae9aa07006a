#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

// The type of a text that only the statement can tell what it is, as with some arrays of Snowflake's drivers. Where a
// date or a time is expected, a whole number counts seconds, milliseconds, microseconds or nanoseconds since 1970, by
// its size; where bytes are, it is hexadecimal; else it is a text.
inline constexpr std::string_view loose_text = "LOOSE TEXT";

// Rows of parameters, all of one width. The rows never change and may be many, so copies share them: a statement is
// copied wherever its query goes.
class ParameterRows {
 public:
  ParameterRows() = default;

  // `cells` are the rows, one after the other, of `width` parameters each; every row has the names of the first.
  ParameterRows(std::size_t width, std::vector<Parameter> cells)
      : width_(width), cells_(std::make_shared<const std::vector<Parameter>>(std::move(cells))) {
    assert(width != 0 && !cells_->empty() && cells_->size() % width == 0);
  }

  bool empty() const { return cells_ == nullptr; }
  std::size_t size() const { return empty() ? 0 : cells_->size() / width_; }
  std::size_t width() const { return width_; }
  std::span<const Parameter> row(std::size_t at) const { return cells().subspan(at * width_, width_); }
  std::span<const Parameter> cells() const { return empty() ? std::span<const Parameter>() : *cells_; }

  bool operator==(const ParameterRows& other) const {
    return width_ == other.width_ && (cells_ == other.cells_ || std::ranges::equal(cells(), other.cells()));
  }

 private:
  std::size_t width_ = 0;
  std::shared_ptr<const std::vector<Parameter>> cells_;
};

// How many values may be bound to one statement in rows; whoever reads them from outside refuses more.
inline constexpr std::size_t parameter_cells_max = 1'000'000;

// SQL as the client sent it, with what is bound to it. Parameters are all positional or all named.
//
// With `parameter_rows` there are no `parameters`: an INSERT, UPDATE, DELETE or MERGE then runs once for each row, all
// of it in one transaction, and yields the sum of the counts. A warehouse that cannot do that refuses the statement.
struct Statement {
  std::string text;
  std::vector<Parameter> parameters = {};
  ParameterRows parameter_rows = {};

  bool operator==(const Statement&) const = default;
};

// Whether a statement changes anything, as the engine says.
enum class StatementKind {
  unknown,  // Not said yet, or the engine cannot say: treated as a write.
  read,     // Running it twice harms nobody.
  write,
};

}  // namespace coatcheck
