#include "api/snowflake/session_language.hpp"

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "api/snowflake/default_parameters.hpp"
#include "scan/tokenizer.hpp"

namespace coatcheck::api::snowflake {

namespace {

using scan::Token;
using scan::TokenKind;

constexpr auto dialect = scan::Dialect::snowflake;
constexpr std::size_t statement_bytes_max = 64 * 1024;  // Nothing of this language is longer.
constexpr std::size_t name_bytes_max = 255;

// Functions without arguments that say something of the session.
constexpr std::array<std::string_view, 16> current_functions = {"CURRENT_USER",       "CURRENT_ROLE",
                                                                "CURRENT_DATABASE",   "CURRENT_SCHEMA",
                                                                "CURRENT_WAREHOUSE",  "CURRENT_SESSION",
                                                                "CURRENT_ACCOUNT",    "CURRENT_ACCOUNT_NAME",
                                                                "CURRENT_REGION",     "CURRENT_VERSION",
                                                                "CURRENT_CLIENT",     "CURRENT_SECONDARY_ROLES",
                                                                "CURRENT_SCHEMAS",    "CURRENT_ORGANIZATION_NAME",
                                                                "CURRENT_IP_ADDRESS", "CURRENT_AVAILABLE_ROLES"};

// Reads tokens one after the other, and knows where the statement ends.
class Words {
 public:
  explicit Words(std::string_view sql) : sql_(sql), tokens_(scan::tokenize(sql, dialect)) {
    while (!tokens_.empty() && scan::spelling(sql_, tokens_.back()) == ";") tokens_.pop_back();
  }

  bool at_end() const { return at_ == tokens_.size(); }

  bool word(std::string_view upper) {
    if (at_end() || !scan::is_word(sql_, tokens_[at_], upper)) return false;
    ++at_;
    return true;
  }
  bool sign(std::string_view text) {
    if (at_end() || scan::spelling(sql_, tokens_[at_]) != text) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> name() {
    if (at_end()) return std::nullopt;
    auto name = scan::name_of(sql_, tokens_[at_]);
    if (!name || name->empty() || name->size() > name_bytes_max) return std::nullopt;
    ++at_;
    return name;
  }
  std::optional<std::string> text() {
    if (at_end() || tokens_[at_].kind != TokenKind::string) return std::nullopt;
    auto value = scan::string_value(sql_, tokens_[at_], dialect);
    if (value) ++at_;
    return value;
  }
  // A literal: text, number, TRUE or FALSE, or a bare word.
  std::optional<ParameterValue> value() {
    if (auto string = text()) return ParameterValue{.type = ParameterValue::Type::text, .text = *std::move(string)};
    if (at_end()) return std::nullopt;
    const bool negative = sign("-");
    if (at_end()) return std::nullopt;
    const std::string spelled(scan::spelling(sql_, tokens_[at_]));
    if (tokens_[at_].kind == TokenKind::number) {
      ++at_;
      return ParameterValue{.type = ParameterValue::Type::number, .text = (negative ? "-" : "") + spelled};
    }
    if (negative) return std::nullopt;
    if (word("TRUE")) return ParameterValue{.type = ParameterValue::Type::boolean, .text = "true"};
    if (word("FALSE")) return ParameterValue{.type = ParameterValue::Type::boolean, .text = "false"};
    auto bare = name();
    if (!bare) return std::nullopt;
    return ParameterValue{.type = ParameterValue::Type::text, .text = *std::move(bare)};
  }
  std::optional<std::int64_t> integer() {
    const std::size_t before = at_;
    const auto given = value();
    std::int64_t number = 0;
    if (given && given->type == ParameterValue::Type::number) {
      const auto [rest, trouble] = std::from_chars(given->text.data(), given->text.data() + given->text.size(), number);
      if (trouble == std::errc{} && rest == given->text.data() + given->text.size()) return number;
    }
    at_ = before;
    return std::nullopt;
  }

  // What was written from token `from` up to here, in upper case: the name of a column that has none.
  std::size_t place() const { return at_; }
  std::string written(std::size_t from) const {
    return parameter_name(sql_.substr(tokens_[from].begin, tokens_[at_ - 1].end - tokens_[from].begin));
  }

 private:
  std::string_view sql_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

std::optional<SessionStatement> read_use(Words& words) {
  Use use;
  if (words.word("DATABASE")) {
    use.what = Use::What::database;
  } else if (words.word("SCHEMA")) {
    use.what = Use::What::schema;
  } else if (words.word("WAREHOUSE")) {
    use.what = Use::What::warehouse;
  } else if (words.word("ROLE")) {
    use.what = Use::What::role;
  }
  auto name = words.name();
  if (!name) return std::nullopt;
  use.name = *std::move(name);
  if (words.sign(".")) {
    auto second = words.name();
    if (!second) return std::nullopt;
    use.what = Use::What::schema;
    use.database = std::exchange(use.name, *std::move(second));
  }
  if (!words.at_end()) return std::nullopt;
  return use;
}

std::optional<SessionStatement> read_alter(Words& words) {
  if (!words.word("SESSION")) return std::nullopt;
  AlterSession alter;
  if (words.word("SET")) {
    while (!words.at_end()) {
      auto name = words.name();
      if (!name || !words.sign("=")) return std::nullopt;
      auto value = words.value();
      if (!value) return std::nullopt;
      alter.set[parameter_name(*name)] = *std::move(value);
      words.sign(",");
    }
  } else if (words.word("UNSET")) {
    while (!words.at_end()) {
      auto name = words.name();
      if (!name) return std::nullopt;
      alter.unset.push_back(parameter_name(*name));
      words.sign(",");
    }
  }
  if (alter.set.empty() && alter.unset.empty()) return std::nullopt;
  return alter;
}

std::optional<SessionStatement> read_show(Words& words) {
  if (!words.word("PARAMETERS")) return std::nullopt;
  ShowParameters show;
  if (words.word("LIKE")) {
    show.like = words.text();
    if (!show.like) return std::nullopt;
  }
  if ((words.word("IN") || words.word("FOR")) && !words.word("SESSION") && !words.word("ACCOUNT")) {
    if (!words.word("USER")) return std::nullopt;
    words.name();
  }
  if (!words.at_end()) return std::nullopt;
  return show;
}

// An alias after an expression, or what was written.
std::optional<std::string> read_column(Words& words, std::size_t from) {
  std::string written = words.written(from);
  const bool as = words.word("AS");
  auto alias = words.name();
  if (as && !alias) return std::nullopt;
  return alias ? std::move(alias) : std::optional(std::move(written));
}

// SYSTEM$WAIT, of which the name is read, that began at token `from`.
std::optional<SessionStatement> read_wait(Words& words, std::size_t from) {
  struct Unit {
    std::string_view name;
    std::chrono::milliseconds each;
  };
  static constexpr std::array<Unit, 5> units = {{{"MILLISECONDS", std::chrono::milliseconds(1)},
                                                 {"SECONDS", std::chrono::seconds(1)},
                                                 {"MINUTES", std::chrono::minutes(1)},
                                                 {"HOURS", std::chrono::hours(1)},
                                                 {"DAYS", std::chrono::hours(24)}}};
  constexpr std::chrono::milliseconds wait_max = std::chrono::hours(24 * 7);
  if (!words.sign("(")) return std::nullopt;
  const auto amount = words.integer();
  if (!amount || *amount < 0) return std::nullopt;
  std::string unit = "SECONDS";
  if (words.sign(",")) {
    auto given = words.text();
    if (!given) given = words.name();
    if (!given) return std::nullopt;
    unit = parameter_name(*given);
  }
  const auto known = std::find_if(units.begin(), units.end(), [&](const Unit& one) { return one.name == unit; });
  if (known == units.end() || *amount > wait_max / known->each || !words.sign(")")) return std::nullopt;
  auto column = read_column(words, from);
  if (!column || !words.at_end()) return std::nullopt;
  std::string said = std::to_string(*amount) + ' ';
  for (const char c : unit) said += static_cast<char>(c - 'A' + 'a');
  return Wait{.duration = *amount * known->each, .words = std::move(said), .column = *std::move(column)};
}

std::optional<SessionStatement> read_call(Words& words) {
  const std::size_t from = words.place();
  const auto name = words.name();
  if (!name || parameter_name(*name) != "SYSTEM$WAIT") return std::nullopt;
  return read_wait(words, from);
}

std::optional<SessionStatement> read_select(Words& words) {
  SelectCurrent select;
  do {
    const std::size_t from = words.place();
    auto name = words.name();
    if (!name) return std::nullopt;
    SelectCurrent::Item item{.function = parameter_name(*name), .column = {}};
    if (item.function == "SYSTEM$WAIT" && select.items.empty()) return read_wait(words, from);
    if (item.function == "SYSTEM$CANCEL_QUERY") {
      if (!select.items.empty() || !words.sign("(")) return std::nullopt;
      auto id = words.text();
      if (!id || !words.sign(")")) return std::nullopt;
      auto column = read_column(words, from);
      if (!column || !words.at_end()) return std::nullopt;
      return CancelQuery{.id = *std::move(id), .column = *std::move(column)};
    }
    const bool is_last_id = item.function == "LAST_QUERY_ID";
    const bool is_known = is_last_id || std::find(current_functions.begin(), current_functions.end(), item.function) !=
                                            current_functions.end();
    if (!is_known) return std::nullopt;
    if (words.sign("(")) {
      if (is_last_id) item.argument = words.integer().value_or(-1);
      if (!words.sign(")")) return std::nullopt;
    } else if (is_last_id) {
      return std::nullopt;
    }
    auto column = read_column(words, from);
    if (!column) return std::nullopt;
    item.column = *std::move(column);
    select.items.push_back(std::move(item));
  } while (words.sign(","));
  if (!words.at_end()) return std::nullopt;
  return select;
}

// LIKE as in SHOW: % and _, without regard to case.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::optional<std::size_t> star;
  std::size_t retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '_' || pattern[p] == text[t])) {
      ++t;
      ++p;
    } else if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      retry = t;
    } else if (star) {
      p = *star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

using Text = std::optional<std::string>;

rows::Batch text_rows(const std::vector<std::string>& columns, const std::vector<std::vector<Text>>& values) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (std::size_t i = 0; i != columns.size(); ++i) {
    fields.push_back(arrow::field(columns[i], arrow::utf8()));
    arrow::StringBuilder builder;
    for (const std::vector<Text>& row : values) {
      const arrow::Status status = row[i] ? builder.Append(*row[i]) : builder.AppendNull();
      if (!status.ok()) throw std::bad_alloc();
    }
    std::shared_ptr<arrow::Array> array;
    if (!builder.Finish(&array).ok()) throw std::bad_alloc();
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(values.size()),
                                  std::move(arrays));
}

Text or_null(const std::string& text) { return text.empty() ? Text() : Text(text); }

Text value_of(const SelectCurrent::Item& item, const SessionState& state, const SessionFacts& facts) {
  const std::string& function = item.function;
  if (function == "CURRENT_USER") return parameter_name(facts.user);
  if (function == "CURRENT_ROLE") return state.role.empty() ? "PUBLIC" : state.role;
  if (function == "CURRENT_AVAILABLE_ROLES") return state.role.empty() ? R"(["PUBLIC"])" : "[\"" + state.role + "\"]";
  if (function == "CURRENT_DATABASE") return or_null(state.database);
  if (function == "CURRENT_SCHEMA") return or_null(state.schema);
  if (function == "CURRENT_WAREHOUSE") return or_null(state.warehouse);
  if (function == "CURRENT_SESSION") return std::to_string(facts.id);
  if (function == "CURRENT_ACCOUNT" || function == "CURRENT_ACCOUNT_NAME") return "COATCHECK";
  if (function == "CURRENT_VERSION") return "9.0.0";
  if (function == "LAST_QUERY_ID") {
    const auto at = facts.last_query_ids.find(item.argument);
    return at == facts.last_query_ids.end() ? Text() : Text(at->second);
  }
  return std::nullopt;  // Regions, clients and addresses: nothing that we could honestly say.
}

rows::Batch parameter_rows(const ShowParameters& show, const SessionState& state) {
  const std::string pattern = parameter_name(show.like.value_or("%"));
  std::map<std::string, std::vector<Text>> by_name;
  const auto add = [&](std::string name, ParameterValue::Type type, std::string value, const char* level) {
    if (!is_like(name, pattern)) return;
    const char* kind = type == ParameterValue::Type::number    ? "NUMBER"
                       : type == ParameterValue::Type::boolean ? "BOOLEAN"
                                                               : "STRING";
    by_name[name] = {name, value, "", level, "", kind};
  };
  for (const DefaultParameter& one : default_parameters())
    add(std::string(one.name), one.type, std::string(one.value), "");
  for (const auto& [name, value] : state.parameters) {
    add(name, value.type, value.text, "SESSION");
  }
  for (const DefaultParameter& one : default_parameters()) {
    const auto shown = by_name.find(std::string(one.name));
    if (shown != by_name.end()) shown->second[2] = std::string(one.value);
  }
  std::vector<std::vector<Text>> values;
  values.reserve(by_name.size());
  for (auto& [name, row] : by_name) values.push_back(std::move(row));
  return text_rows({"key", "value", "default", "level", "description", "type"}, values);
}

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace

std::optional<SessionStatement> read_session_statement(std::string_view sql) {
  if (sql.size() > statement_bytes_max) return std::nullopt;
  const std::string first = scan::first_word(sql, dialect);
  Words words(sql);
  if (!words.word(first)) return std::nullopt;
  if (first == "USE") return read_use(words);
  if (first == "ALTER") return read_alter(words);
  if (first == "SHOW") return read_show(words);
  if (first == "SELECT") return read_select(words);
  if (first == "CALL") return read_call(words);
  if (first == "COMMIT" || first == "ROLLBACK") {
    words.word("WORK");
    if (words.at_end()) return EndNoTransaction{};
  }
  if (first == "BEGIN" || first == "START") {
    words.word("TRANSACTION");
    words.word("WORK");
    if (words.at_end()) return BeginTransaction{};
  }
  return std::nullopt;
}

bool changes_state(const SessionStatement& statement) {
  return std::holds_alternative<Use>(statement) || std::holds_alternative<AlterSession>(statement);
}

Result<void, SnowflakeError> change_state(const SessionStatement& statement, SessionState& state) {
  if (const Use* use = std::get_if<Use>(&statement)) {
    switch (use->what) {
      case Use::What::database:
        state.database = use->name;
        state.schema = "PUBLIC";
        break;
      case Use::What::schema:
        if (!use->database.empty()) state.database = use->database;
        state.schema = use->name;
        break;
      case Use::What::warehouse: state.warehouse = use->name; break;
      case Use::What::role: state.role = use->name; break;
    }
  }
  if (const AlterSession* alter = std::get_if<AlterSession>(&statement)) {
    for (const auto& [name, value] : alter->set) state.parameters[name] = value;
    for (const std::string& name : alter->unset) state.parameters.erase(name);
  }
  return Result<void, SnowflakeError>::ok();
}

Result<rows::Batch, SnowflakeError> answer(const SessionStatement& statement, const SessionState& state,
                                           const SessionFacts& facts) {
  using Answer = Result<rows::Batch, SnowflakeError>;
  const auto done = [] { return Answer(one_text("status", "Statement executed successfully.")); };
  return std::visit(
      Overloaded{[&](const Use&) { return done(); }, [&](const AlterSession&) { return done(); },
                 [&](const EndNoTransaction&) { return done(); },
                 [&](const CancelQuery& cancel) { return Answer(one_text(cancel.column, "")); },
                 [&](const Wait& wait) { return Answer(one_text(wait.column, "waited " + wait.words)); },
                 [&](const ShowParameters& show) { return Answer(parameter_rows(show, state)); },
                 [&](const SelectCurrent& select) {
                   std::vector<std::string> columns;
                   std::vector<Text> row;
                   for (const SelectCurrent::Item& item : select.items) {
                     columns.push_back(item.column);
                     row.push_back(value_of(item, state, facts));
                   }
                   return Answer(text_rows(columns, {row}));
                 },
                 [&](const BeginTransaction&) { return Answer(unsupported("transactions of several statements")); }},
      statement);
}

rows::Batch one_text(const std::string& column, const std::string& text) { return text_rows({column}, {{text}}); }

}  // namespace coatcheck::api::snowflake
