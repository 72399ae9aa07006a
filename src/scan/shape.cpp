#include "scan/shape.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace coatcheck::scan {

namespace {

// More is nobody's statement, and would be costly to look at.
constexpr std::size_t references_max = 64;

// Where in a SELECT, or not in one, the walk is.
enum class Clause { before, select, from, on, where, after };

// One level of parentheses or brackets.
struct Level {
  Clause clause = Clause::before;
  std::size_t select = none;
  bool table_next = false;  // The next token begins a table.
  bool group = false;       // Parentheses around tables in a FROM.
  std::size_t begin = 0;    // Its first token.
};

// Words that may follow a table without being its alias.
constexpr std::array<std::string_view, 36> after_table = {
    "WHERE",  "JOIN",      "INNER",   "LEFT",   "RIGHT",  "FULL",    "CROSS",       "NATURAL",    "ON",
    "USING",  "GROUP",     "ORDER",   "HAVING", "LIMIT",  "QUALIFY", "OFFSET",      "FETCH",      "UNION",
    "EXCEPT", "INTERSECT", "MINUS",   "WINDOW", "SAMPLE", "ASOF",    "TABLESAMPLE", "POSITIONAL", "SEMI",
    "ANTI",   "PIVOT",     "UNPIVOT", "SELECT", "FOR",    "LATERAL", "RETURNING",   "CONNECT",    "START"};
constexpr std::array<std::string_view, 15> after_where = {"GROUP",     "HAVING", "QUALIFY", "WINDOW", "ORDER",
                                                          "LIMIT",     "OFFSET", "FETCH",   "UNION",  "EXCEPT",
                                                          "INTERSECT", "MINUS",  "FOR",     "SAMPLE", "TABLESAMPLE"};

template <std::size_t n>
bool is_any(const Text& text, std::size_t at, const std::array<std::string_view, n>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.is_word(at, word); });
}

class Walk {
 public:
  explicit Walk(const Text& text) : text_(text) {}

  std::optional<Shape> run() {
    levels_.push_back({});
    while (at_ < text_.size()) {
      if (!step()) return std::nullopt;
    }
    if (levels_.size() != 1) return std::nullopt;
    end_select();
    return std::move(shape_);
  }

 private:
  Level& level() { return levels_.back(); }
  Select* select() { return level().select == none ? nullptr : &shape_.selects[level().select]; }

  bool step() {
    if (level().table_next) return table();
    if (opens()) return open(false);
    if (text_.is(at_, ")") || text_.is(at_, "]") || text_.is(at_, "}")) return close();
    if (text_.is(at_, ";")) return last_semicolon();
    // Such a call that stands where no table can.
    if (names_our_function(text_, at_)) return false;
    if (text_.is(at_, ",")) comma();
    if (text_[at_].kind == TokenKind::word && !is_label()) keyword();
    return skip();
  }

  bool skip() {
    ++at_;
    return true;
  }

  bool last_semicolon() {
    if (levels_.size() != 1) return false;
    end_select();
    return skip() && at_ == text_.size();
  }

  bool opens() const { return text_.is(at_, "(") || text_.is(at_, "[") || text_.is(at_, "{"); }

  bool open(bool group) {
    ++at_;
    levels_.push_back(
        {.clause = group ? Clause::from : Clause::before, .table_next = group, .group = group, .begin = at_});
    return true;
  }

  bool close() {
    if (levels_.size() == 1) return false;
    end_select();
    levels_.pop_back();
    return skip();
  }

  // The first token of an entry of a FROM.
  bool table() {
    const auto begins = [&](std::string_view word) { return text_.is_word(at_, word); };
    if (begins("LATERAL")) return skip();
    level().table_next = false;
    if (level().group && at_ == level().begin &&
        (begins("SELECT") || begins("WITH") || begins("VALUES") || begins("FROM"))) {
      level() = {.begin = at_};
      return true;
    }
    if (text_.is(at_, "(")) return open(true);
    if (auto found = read_table_call(text_, at_)) return add(std::move(*found));
    if (names_our_function(text_, at_)) return false;
    // A table's own name, be it a keyword elsewhere.
    return text_.name(at_) ? skip() : true;
  }

  bool add(FoundCall found) {
    TableCall call{.first = at_, .next = found.next, .call = std::move(found.call), .select = level().select};
    std::size_t after = found.next;
    if (text_.is_word(after, "AS")) ++after;
    if (text_.name(after) && (after != found.next || !is_any(text_, after, after_table))) {
      call.has_alias = true;
      call.alias_at = after++;
    }
    call.after = after;
    at_ = call.after;
    shape_.calls.push_back(std::move(call));
    return shape_.calls.size() <= references_max;
  }

  void comma() {
    if (level().clause == Clause::from || level().clause == Clause::on) {
      level().clause = Clause::from;
      level().table_next = true;
    }
  }

  // Behind a dot or AS a word is a name, whatever it says.
  bool is_label() const {
    if (at_ == 0) return false;
    if (text_.is(at_ - 1, ".")) return true;
    const auto clause = levels_.back().clause;
    return text_.is_word(at_ - 1, "AS") && (clause == Clause::select || clause == Clause::from);
  }

  void keyword() {
    if (text_.is_word(at_, "SELECT")) {
      begin_select(at_);
    } else if (text_.is_word(at_, "FROM")) {
      from();
    } else if (text_.is_word(at_, "JOIN")) {
      if (level().clause == Clause::from || level().clause == Clause::on) {
        level().clause = Clause::from;
        level().table_next = true;
      }
    } else if (text_.is_word(at_, "ON") || text_.is_word(at_, "USING")) {
      if (level().clause == Clause::from) level().clause = Clause::on;
    } else if (text_.is_word(at_, "WHERE")) {
      where();
    } else if (level().clause == Clause::from || level().clause == Clause::on || level().clause == Clause::where) {
      if (is_any(text_, at_, after_where)) end_select();
    }
  }

  void begin_select(std::size_t select_at) {
    end_select();
    level().select = shape_.selects.size();
    level().clause = Clause::select;
    shape_.selects.push_back({.select_at = select_at});
  }

  void from() {
    // `is distinct from`, in a list of columns.
    if (at_ >= 2 && text_.is_word(at_ - 1, "DISTINCT") && !text_.is_word(at_ - 2, "SELECT")) return;
    if (level().clause == Clause::before && at_ == level().begin) {
      begin_select(none);  // DuckDB's way: FROM first.
    } else if (level().clause != Clause::select) {
      return;
    }
    level().clause = Clause::from;
    level().table_next = true;
    select()->from_at = at_;
  }

  void where() {
    if (level().clause != Clause::from && level().clause != Clause::on) return;
    level().clause = Clause::where;
    if (Select* its = select()) its->where_at = at_;
  }

  // What comes now is no part of the select's FROM and WHERE any more.
  void end_select() {
    if (Select* its = select(); its != nullptr && its->end == none) its->end = at_;
    if (level().clause != Clause::before) level().clause = Clause::after;
  }

  const Text& text_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
  Shape shape_;
};

// What AND joins in a WHERE: tokens [first, next) each.
struct Condition {
  std::size_t first = 0;
  std::size_t next = 0;
};

// Whether the token at the WHERE's own level may change what its ANDs mean.
bool is_doubtful(const Text& text, std::size_t at) {
  return text.is_word(at, "OR") || text.is_word(at, "CASE") || text.is_word(at, "LAMBDA") ||
         (text.is(at, "-") && text.is(at + 1, ">"));
}

// Returns the conditions of the WHERE; nothing in doubt. Looks for doubts beyond its end too, since the word that ends
// it might be a column's name.
std::optional<std::vector<Condition>> conditions_of(const Text& text, const Select& select) {
  std::vector<Condition> conditions;
  std::size_t first = select.where_at + 1;
  std::size_t depth = 0;
  std::size_t betweens = 0;
  for (std::size_t at = first; at < text.size(); ++at) {
    if (text.is(at, "(") || text.is(at, "[") || text.is(at, "{")) ++depth;
    if (text.is(at, ")") || text.is(at, "]") || text.is(at, "}")) {
      if (depth == 0) break;
      --depth;
    }
    if (depth > 0) continue;
    if (is_doubtful(text, at)) return std::nullopt;
    if (at >= select.end) continue;
    if (text.is_word(at, "BETWEEN")) ++betweens;
    if (!text.is_word(at, "AND")) continue;
    if (betweens > 0) {
      --betweens;
      continue;
    }
    conditions.push_back({.first = first, .next = at});
    first = at + 1;
  }
  conditions.push_back({.first = first, .next = select.end});
  return conditions;
}

// The token after `[alias.]query_id`, if it is at `at`.
std::optional<std::size_t> after_query_id(const Text& text, std::size_t at, const TableCall& call) {
  if (call.has_alias && text.is(at + 1, ".")) {
    return text.name(at) == text.name(call.alias_at) && text.is_name(at + 2, "QUERY_ID") ? std::optional(at + 3)
                                                                                         : std::nullopt;
  }
  return text.is_name(at, "QUERY_ID") ? std::optional(at + 1) : std::nullopt;
}

std::optional<std::string> id_at(const Text& text, std::size_t at) {
  if (auto literal = text.string(at)) return literal;
  const auto* parameter = text.is_placeholder(at) ? text.parameter(at) : nullptr;
  const auto* bound = parameter != nullptr ? std::get_if<std::string>(&parameter->value) : nullptr;
  return bound != nullptr ? std::optional(*bound) : std::nullopt;
}

using Ids = std::optional<std::vector<std::string>>;

// ( '…', '…' ) from `at` to `end`.
Ids read_list(const Text& text, std::size_t at, std::size_t end) {
  std::vector<std::string> ids;
  if (!text.is(at, "(") || end < at + 3) return std::nullopt;
  for (++at; at + 1 < end; at += 2) {
    auto id = id_at(text, at);
    if (!id || !(text.is(at + 1, ",") || (text.is(at + 1, ")") && at + 2 == end))) return std::nullopt;
    ids.push_back(std::move(*id));
  }
  return at == end && text.is(end - 1, ")") ? Ids(std::move(ids)) : std::nullopt;
}

// The ids to which the condition limits the history.
Ids ids_of(const Text& text, const Condition& condition, const TableCall& call) {
  if (const auto after = after_query_id(text, condition.first, call)) {
    if (text.is_word(*after, "IN")) return read_list(text, *after + 1, condition.next);
    if (!text.is(*after, "=") || *after + 2 != condition.next) return std::nullopt;
    if (auto id = id_at(text, *after + 1)) return Ids({std::move(*id)});
    return std::nullopt;
  }
  if (!text.is(condition.first + 1, "=")) return std::nullopt;
  auto id = id_at(text, condition.first);
  const auto after = after_query_id(text, condition.first + 2, call);
  return id && after == condition.next ? Ids({std::move(*id)}) : std::nullopt;
}

// Whether the WHERE of the call's SELECT is over that call alone.
bool is_alone(const Select& select, const TableCall& call) {
  return select.where_at != none && call.after == select.where_at && call.first == select.from_at + 1;
}

}  // namespace

std::optional<Shape> read_shape(const Text& text) { return Walk(text).run(); }

void push_ids_down(const Text& text, Shape& shape) {
  for (auto& call : shape.calls) {
    auto* history = std::get_if<HistoryCall>(&call.call);
    if (history == nullptr || call.select == none || !is_alone(shape.selects[call.select], call)) continue;
    const auto conditions = conditions_of(text, shape.selects[call.select]);
    if (!conditions) continue;
    for (const auto& condition : *conditions) {
      if (auto ids = ids_of(text, condition, call)) {
        history->request.ids = std::move(ids);
        break;
      }
    }
  }
}

std::optional<std::string> only_id(const Text& text, const Select& select, const TableCall& call) {
  if (!is_alone(select, call)) return std::nullopt;
  const auto conditions = conditions_of(text, select);
  if (!conditions || conditions->size() != 1) return std::nullopt;
  auto ids = ids_of(text, conditions->front(), call);
  return ids && ids->size() == 1 ? std::optional(std::move(ids->front())) : std::nullopt;
}

}  // namespace coatcheck::scan
