#include "api/snowflake/script_parts.hpp"

#include <arrow/array/array_binary.h>
#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "api/snowflake/session_language.hpp"

namespace coatcheck::api::snowflake {

namespace {

std::shared_ptr<arrow::Schema> script_schema() {
  return arrow::schema({arrow::field("statement", arrow::utf8()), arrow::field("query_id", arrow::utf8())});
}

}  // namespace

rows::Batch script_rows(const std::vector<std::string_view>& statements, const std::vector<QueryId>& ids) {
  arrow::StringBuilder texts;
  arrow::StringBuilder names;
  std::shared_ptr<arrow::Array> text_column;
  std::shared_ptr<arrow::Array> name_column;
  bool done = true;
  for (std::size_t i = 0; i != ids.size(); ++i) {
    done = done && texts.Append(statements[i]).ok() && names.Append(ids[i].to_string()).ok();
  }
  if (!done || !texts.Finish(&text_column).ok() || !names.Finish(&name_column).ok()) throw std::bad_alloc();
  return arrow::RecordBatch::Make(script_schema(), static_cast<std::int64_t>(ids.size()),
                                  {std::move(text_column), std::move(name_column)});
}

Result<std::vector<ScriptPart>> read_script_parts(const results::Reader& reader) {
  const results::Manifest& manifest = reader.manifest();
  if (!manifest.schema->Equals(*script_schema(), false))
    return Error{Errc::corrupt, "the result of several statements has other columns than it should"};
  std::vector<ScriptPart> parts;
  const auto stream = reader.rows(0, manifest.rows);
  for (;;) {
    auto batch = stream->next();
    if (!batch) return std::move(batch).error();
    if (!*batch) return parts;
    const auto& texts = static_cast<const arrow::StringArray&>(*(**batch)->column(0));
    const auto& names = static_cast<const arrow::StringArray&>(*(**batch)->column(1));
    for (std::int64_t i = 0; i != (**batch)->num_rows(); ++i) {
      parts.push_back({.statement = texts.GetString(i), .query_id = names.GetString(i)});
    }
  }
}

rows::Batch script_row() {
  return one_text("multiple statement execution", "Multiple statements executed successfully.");
}

}  // namespace coatcheck::api::snowflake
