#include "warehouse/trino/type_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace coatcheck::warehouse::trino {

namespace {

struct Known {
  std::string_view name;
  std::string_view sql;
  Form form;
  std::size_t numbers_max;  // How many may follow in parentheses.
};

constexpr std::array known = {
    Known{"boolean", "BOOLEAN", Form::text, 0},
    Known{"bool", "BOOLEAN", Form::text, 0},
    Known{"tinyint", "TINYINT", Form::text, 0},
    Known{"smallint", "SMALLINT", Form::text, 0},
    Known{"integer", "INTEGER", Form::text, 0},
    Known{"int", "INTEGER", Form::text, 0},
    Known{"bigint", "BIGINT", Form::text, 0},
    Known{"real", "REAL", Form::text, 0},
    Known{"double", "DOUBLE", Form::text, 0},
    Known{"decimal", "DECIMAL", Form::text, 2},
    Known{"numeric", "DECIMAL", Form::text, 2},
    Known{"varchar", "VARCHAR", Form::text, 1},
    Known{"text", "VARCHAR", Form::text, 0},
    Known{"string", "VARCHAR", Form::text, 0},
    Known{"char", "CHAR", Form::text, 1},
    Known{"varbinary", "VARBINARY", Form::binary, 0},
    Known{"binary", "VARBINARY", Form::binary, 0},
    Known{"blob", "VARBINARY", Form::binary, 0},
    Known{"bytes", "VARBINARY", Form::binary, 0},
    Known{"json", "JSON", Form::json, 0},
    Known{"date", "DATE", Form::text, 0},
    Known{"time", "TIME", Form::text, 1},
    Known{"timestamp", "TIMESTAMP", Form::timestamp, 1},
    Known{"uuid", "UUID", Form::text, 0},
    Known{"ipaddress", "IPADDRESS", Form::text, 0},
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<TypeName> type(int depth = 0) {
    const auto name = word();
    if (name.empty() || depth > 8) return std::nullopt;
    if (name == "array") return nested("ARRAY", 1, 1, false, depth);
    if (name == "map") return nested("MAP", 2, 2, false, depth);
    if (name == "row") return nested("ROW", 1, 100, true, depth);
    if (name == "timestamptz") return TypeName{"TIMESTAMP(6) WITH TIME ZONE", Form::timestamp};
    const auto found = std::ranges::find(known, name, &Known::name);
    if (found == known.end()) return std::nullopt;
    TypeName type{std::string(found->sql), found->form};
    if (take('(') && !numbers(type.sql, found->numbers_max)) return std::nullopt;
    if ((name == "time" || name == "timestamp") && !zone(type.sql)) return std::nullopt;
    if (name == "double") (void)take_word("precision");
    return type;
  }

  bool at_end() {
    skip_space();
    return text_.empty();
  }

 private:
  void skip_space() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) text_.remove_prefix(1);
  }

  bool take(char c) {
    skip_space();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  // Takes a word of ASCII letters, digits and underscores, in lower case.
  std::string word() {
    skip_space();
    std::string out;
    for (; !text_.empty() && out.size() < 64; text_.remove_prefix(1)) {
      const auto c = static_cast<unsigned char>(text_.front());
      if (c >= 0x80 || (std::isalnum(c) == 0 && c != '_')) break;
      out += static_cast<char>(std::tolower(c));
    }
    return out;
  }

  bool take_word(std::string_view expected) {
    Reader ahead = *this;
    if (ahead.word() != expected) return false;
    *this = ahead;
    return true;
  }

  // Takes "10, 2)" of "(10, 2)".
  bool numbers(std::string& sql, std::size_t count_max) {
    for (std::size_t count = 0; count < count_max; ++count) {
      const auto number = word();
      if (number.empty() || number.size() > 10 || number.find_first_not_of("0123456789") != number.npos) return false;
      sql += (count == 0 ? '(' : ',') + number;
      if (take(')')) {
        sql += ')';
        return true;
      }
      if (!take(',')) return false;
    }
    return false;
  }

  bool zone(std::string& sql) {
    if (take_word("with")) {
      if (!take_word("time") || !take_word("zone")) return false;
      sql += " WITH TIME ZONE";
    } else if (take_word("without")) {
      return take_word("time") && take_word("zone");
    }
    return true;
  }

  std::optional<TypeName> nested(std::string sql, std::size_t least, std::size_t most, bool named, int depth) {
    if (!take('(')) return std::nullopt;
    std::size_t count = 0;
    do {
      sql += count == 0 ? "(" : ", ";
      if (named) {
        const auto field = word();
        if (field.empty()) return std::nullopt;
        sql += '"' + field + "\" ";
      }
      const auto part = type(depth + 1);
      if (!part || ++count > most) return std::nullopt;
      sql += part->sql;
    } while (take(','));
    if (!take(')') || count < least) return std::nullopt;
    return TypeName{sql + ')', Form::nested};
  }

  std::string_view text_;
};

}  // namespace

std::optional<TypeName> read_type_name(std::string_view text) {
  if (text.size() > 4'000) return std::nullopt;
  Reader reader(text);
  auto type = reader.type();
  if (!type || !reader.at_end()) return std::nullopt;
  return type;
}

}  // namespace coatcheck::warehouse::trino
