#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::warehouse::trino {

// What a value of a type is written as in SQL.
enum class Form {
  text,       // CAST('…' AS type)
  binary,     // The text is base64.
  json,       // json_parse('…')
  timestamp,  // As `text`; the text may be of RFC 3339.
  nested,     // CAST(json_parse('…') AS type)
};

struct TypeName {
  std::string sql;  // Written anew from known words and numbers; safe in a statement.
  Form form = Form::text;
};

// Reads a type as a client names it: Trino's names ("decimal(10,2)", "timestamp(6) with time zone", "array(bigint)",
// "row(a bigint, b varchar)") and some that others use for them ("int", "string", "bytes", "timestamptz"). In any case.
std::optional<TypeName> read_type_name(std::string_view text);

}  // namespace coatcheck::warehouse::trino
