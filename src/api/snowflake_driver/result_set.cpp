#include "api/snowflake_driver/result_set.hpp"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "api/snowflake/default_parameters.hpp"
#include "api/snowflake/script_parts.hpp"
#include "api/snowflake/statement_outcome.hpp"
#include "base/json_text.hpp"
#include "rows/encoder.hpp"
#include "rows/snowflake/column.hpp"
#include "rows/snowflake/encoders.hpp"

namespace coatcheck::api::snowflake_driver {

namespace {

using snowflake::StatementType;

// So many rows are encoded before the size is looked at.
constexpr std::int64_t slice_rows = 1'024;

void append_optional(std::string& out, std::string_view name, const auto& value) {
  out += fmt::format(R"(,"{}":)", name);
  if (value) {
    out += std::to_string(*value);
  } else {
    out += "null";
  }
}

void append_rowtype(std::string& out, const std::vector<rows::snowflake::Column>& columns) {
  out += R"("rowtype":[)";
  for (std::size_t i = 0; i != columns.size(); ++i) {
    const rows::snowflake::Column& column = columns[i];
    out += i == 0 ? R"({"name":)" : R"(,{"name":)";
    append_json_string(out, column.name);
    out +=
        fmt::format(R"(,"database":"","schema":"","table":"","nullable":{},"type":"{}")", column.nullable, column.type);
    append_optional(out, "scale", column.scale);
    append_optional(out, "precision", column.precision);
    append_optional(out, "length", column.length);
    append_optional(out, "byteLength", column.byte_length);
    out += R"(,"collation":null})";
  }
  out += ']';
}

void append_name(std::string& out, std::string_view name, const std::string& value) {
  out += fmt::format(R"(,"{}":)", name);
  if (value.empty()) {
    out += "null";
  } else {
    append_json_string(out, value);
  }
}

// What every `data` of a finished query says besides its rows. `returned` counts the rows in chunks too: Node's driver
// reads no further than that.
void append_about(std::string& out, const ResultSetAsked& asked, std::uint64_t total, RowFormat format) {
  out += R"(,"parameters":)";
  out += parameters_json(asked.session_settings);
  out += fmt::format(R"(,"total":{},"returned":{},"queryId":"{}","databaseProvider":null)", total, total,
                     asked.id.to_string());
  append_name(out, "finalDatabaseName", asked.names.database);
  append_name(out, "finalSchemaName", asked.names.schema);
  append_name(out, "finalWarehouseName", asked.names.warehouse);
  append_name(out, "finalRoleName", asked.names.role);
  const StatementType type = asked.type == StatementType::unknown ? StatementType::select : asked.type;
  // Drivers that ask (JDBC, Python 5) send arrays for an INSERT, and rows one by one for other changes, as with
  // Snowflake: so a batch of updates has a count for each.
  out +=
      fmt::format(R"(,"numberOfBinds":0,"arrayBindSupported":{},"statementTypeId":{},"version":1,)"
                  R"("queryResultFormat":"{}"}})",
                  type == StatementType::insert, static_cast<int>(type), format == RowFormat::arrow ? "arrow" : "json");
}

// Counts of rows as Snowflake reports them: always JSON, for drivers sum the cells of the one row.
std::string count_set(const std::vector<snowflake::RowCount>& counts, const ResultSetAsked& asked) {
  std::vector<rows::snowflake::Column> columns;
  std::string row;
  for (const snowflake::RowCount& each : counts) {
    columns.push_back({.name = each.column, .type = "fixed", .precision = 19, .scale = 0, .nullable = false});
    row += fmt::format(R"({}"{}")", row.empty() ? "" : ",", each.rows);
  }
  std::string out = "{";
  append_rowtype(out, columns);
  out += R"(,"rowset":[[)" + row + "]]";
  append_about(out, asked, 1, RowFormat::json);
  return out;
}

// What Snowflake answers where there are no rows to give.
std::string status_set(std::string_view words, const ResultSetAsked& asked) {
  std::string out = "{";
  append_rowtype(
      out, {{.name = "status", .type = "text", .length = 16'777'216, .byte_length = 16'777'216, .nullable = true}});
  append_json_string(out += R"(,"rowset":[[)", words);
  out += "]]";
  append_about(out, asked, 1, RowFormat::json);
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

Result<std::unique_ptr<rows::Encoder>> encoder_for(RowFormat format, const rows::Schema& schema) {
  return format == RowFormat::arrow ? rows::snowflake::make_arrow_encoder(schema)
                                    : rows::snowflake::make_rowset_encoder(schema, rows::snowflake::Dialect::driver);
}

// The rows that go into the answer: encoded until they are enough.
class Inline {
 public:
  static Result<Inline> begin(RowFormat format, const rows::Schema& schema) {
    auto encoder = encoder_for(format, schema);
    if (!encoder) return std::move(encoder).error();
    Inline self(format, *std::move(encoder));
    if (auto begun = self.encoder_->begin(self.text_); !begun) return std::move(begun).error();
    return self;
  }

  bool is_enough() const { return text_.size() >= inline_bytes_max; }
  std::uint64_t rows() const { return rows_; }

  Result<void> add(const arrow::RecordBatch& batch) {
    for (std::int64_t at = 0; at < batch.num_rows() && !is_enough(); at += slice_rows) {
      const auto slice = batch.Slice(at, slice_rows);
      if (auto added = encoder_->append(*slice, text_); !added) return added;
      rows_ += static_cast<std::uint64_t>(slice->num_rows());
    }
    return Result<void>::ok();
  }

  // Appends the member that holds the rows.
  Result<void> finish(std::string& out) {
    if (auto finished = encoder_->finish(text_); !finished) return finished;
    if (format_ == RowFormat::json) {
      out += R"(,"rowset":[)";
      out += text_;
      out += ']';
    } else {
      out += R"(,"rowset":[],"rowsetBase64":")";
      // Without rows drivers want no stream either.
      if (rows_ != 0) out += base64(text_);
      out += '"';
    }
    return Result<void>::ok();
  }

 private:
  Inline(RowFormat format, std::unique_ptr<rows::Encoder> encoder) : format_(format), encoder_(std::move(encoder)) {}

  RowFormat format_;
  std::unique_ptr<rows::Encoder> encoder_;
  std::string text_;
  std::uint64_t rows_ = 0;
};

// How large a chunk can be when all its cells are text, at most. JDBC takes memory for that much before it reads the
// chunk, and fails if the text of the cells, two bytes for each row, and one for each cell, do not fit.
class SizeBound {
 public:
  explicit SizeBound(const arrow::Schema& schema) {
    constexpr std::uint64_t fixed_width = 42;  // Of 38 digits with sign and point, and of every instant.
    for (const auto& field : schema.fields()) {
      const arrow::DataType& type = *field->type();
      row_ += 3;
      if (arrow::is_nested(type.id())) {
        row_ += type.ToString().size() * 2;  // Names of members are in every row.
        stored_ = 6;                         // [false,false]
      } else if (arrow::is_fixed_width(type.id()) && type.id() != arrow::Type::FIXED_SIZE_BINARY) {
        row_ += fixed_width;
      } else {
        stored_ = std::max<std::uint64_t>(stored_, 2);  // Binary in hexadecimal.
      }
    }
  }

  std::uint64_t of(std::uint64_t rows, std::uint64_t stored_bytes) const {
    // Compressed bytes say little: text that repeats itself becomes next to nothing. No chunk is made larger than
    // this, but for one that is a single row.
    const std::uint64_t whole_bytes = std::max(results::SpoolOptions{}.chunk_bytes_max, stored_bytes * 3);
    return rows * row_ + stored_ * whole_bytes + (std::uint64_t{64} << 10);
  }

 private:
  std::uint64_t row_ = 2;     // Bytes for each row, whatever its cells of varying length hold.
  std::uint64_t stored_ = 0;  // Bytes of text for each byte of such a cell.
};

// The addresses of the rows from `first` on: one for each stored chunk, or what is left of it, so that none reads
// what another needs.
void append_chunks(std::string& out, const results::Manifest& manifest, std::uint64_t first,
                   const ResultSetAsked& asked, const ChunkAddresses& addresses) {
  out += R"(,"chunks":[)";
  bool is_first = true;
  const SizeBound size(*manifest.schema);
  for (const results::Chunk& chunk : manifest.chunks) {
    const std::uint64_t end = chunk.first_row + chunk.rows;
    if (end <= first) continue;
    const std::uint64_t from = std::max(chunk.first_row, first);
    const ChunkAsked part{.id = asked.id, .first = from, .count = end - from, .format = asked.format};
    if (!is_first) out += ',';
    is_first = false;
    out += R"({"url":)";
    append_json_string(out, addresses.of(part));
    out += fmt::format(R"(,"rowCount":{},"uncompressedSize":{},"compressedSize":{}}})", part.count,
                       size.of(part.count, chunk.bytes), chunk.bytes);
  }
  // No headers are needed: the address is signed.
  out += R"(],"qrmk":null,"chunkHeaders":{})";
}

}  // namespace

Result<std::string> result_set(const results::Reader& reader, const ResultSetAsked& asked,
                               const ChunkAddresses& addresses) {
  const results::Manifest& manifest = reader.manifest();
  if (const auto counts = snowflake::row_counts(asked.type, reader)) return count_set(*counts, asked);
  if (manifest.schema->num_fields() == 0 || asked.type == StatementType::ddl) {
    return status_set(snowflake::status_words(reader), asked);
  }

  auto rows = Inline::begin(asked.format, manifest.schema);
  if (!rows) return std::move(rows).error();
  const auto stream = reader.rows(0, manifest.rows);
  while (!rows->is_enough()) {
    auto batch = stream->next();
    if (!batch) return std::move(batch).error();
    if (!*batch) break;
    if (auto added = rows->add(***batch); !added) return std::move(added).error();
  }

  std::string out = "{";
  append_rowtype(out, rows::snowflake::describe(manifest.schema));
  if (auto finished = rows->finish(out); !finished) return std::move(finished).error();
  if (rows->rows() < manifest.rows) append_chunks(out, manifest, rows->rows(), asked, addresses);
  append_about(out, asked, manifest.rows, asked.format);
  return out;
}

Result<std::string> script_result_set(const results::Reader& reader, const ResultSetAsked& asked) {
  auto parts = snowflake::read_script_parts(reader);
  if (!parts) return std::move(parts).error();
  auto data = small_result_set(snowflake::script_row(), asked);
  if (!data) return data;
  std::string ids;
  std::string types;
  for (const snowflake::ScriptPart& part : *parts) {
    ids += (ids.empty() ? "" : ",") + part.query_id;
    types += (types.empty() ? "" : ",") + std::to_string(static_cast<int>(snowflake::statement_type(part.statement)));
  }
  data->pop_back();
  *data += fmt::format(R"(,"resultIds":"{}","resultTypes":"{}"}})", ids, types);
  return data;
}

Result<std::string> small_result_set(const rows::Batch& batch, const ResultSetAsked& asked) {
  auto encoder = encoder_for(asked.format, batch->schema());
  if (!encoder) return std::move(encoder).error();
  std::string text;
  if (auto begun = (*encoder)->begin(text); !begun) return std::move(begun).error();
  if (auto added = (*encoder)->append(*batch, text); !added) return std::move(added).error();
  if (auto finished = (*encoder)->finish(text); !finished) return std::move(finished).error();

  std::string out = "{";
  append_rowtype(out, rows::snowflake::describe(batch->schema()));
  out += asked.format == RowFormat::json
             ? R"(,"rowset":[)" + text + "]"
             : R"(,"rowset":[],"rowsetBase64":")" + (batch->num_rows() == 0 ? "" : base64(text)) + '"';
  const auto rows = static_cast<std::uint64_t>(batch->num_rows());
  append_about(out, asked, rows, asked.format);
  return out;
}

std::string parameters_json(const snowflake::Settings& session_settings) {
  std::string out = "[";
  const auto append = [&out](std::string_view name, snowflake::ParameterValue::Type type, std::string_view value) {
    out += out.size() == 1 ? R"({"name":)" : R"(,{"name":)";
    append_json_string(out, name);
    out += R"(,"value":)";
    if (type == snowflake::ParameterValue::Type::text) {
      append_json_string(out, value);
    } else {
      out += value;
    }
    out += '}';
  };
  for (const snowflake::DefaultParameter& parameter : snowflake::default_parameters()) {
    if (parameter.is_sent && !session_settings.contains(parameter.name))
      append(parameter.name, parameter.type, parameter.value);
  }
  for (const auto& [name, value] : session_settings) append(name, value.type, value.text);
  out += ']';
  return out;
}

}  // namespace coatcheck::api::snowflake_driver
