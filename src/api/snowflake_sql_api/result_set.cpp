#include "api/snowflake_sql_api/result_set.hpp"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "api/claim/rows_body.hpp"
#include "api/snowflake/script_parts.hpp"
#include "api/snowflake/statement_outcome.hpp"
#include "api/snowflake_sql_api/partition_encoder.hpp"
#include "api/snowflake_sql_api/partitions.hpp"
#include "base/json_text.hpp"
#include "rows/snowflake/column.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

using rows::snowflake::Column;
using snowflake::StatementType;

// What is stored is compressed about so many times.
constexpr std::uint64_t expansion = 3;

// What an answer consists of.
struct Parts {
  std::vector<Column> columns;
  std::uint64_t total = 0;  // Rows in all partitions.
  std::vector<Partition> partitions;
  std::string rows;   // Of partition 0, without the brackets around them.
  std::string stats;  // JSON, or empty.
};

void append_columns(std::string& out, const std::vector<Column>& columns) {
  out += R"("rowType":[)";
  for (std::size_t i = 0; i != columns.size(); ++i) {
    const Column& column = columns[i];
    out += i == 0 ? R"({"name":)" : R"(,{"name":)";
    append_json_string(out, column.name);
    // What a type does not have is 0, as in Snowflake's description of this API, which has numbers and no null there.
    out += fmt::format(R"(,"database":"","schema":"","table":"","type":"{}","length":{},"precision":{},"scale":{},)"
                       R"("nullable":{},"byteLength":{},"collation":null}})",
                       column.type, column.length.value_or(0), column.precision.value_or(0), column.scale.value_or(0),
                       column.nullable, column.byte_length ? std::to_string(*column.byte_length) : "null");
  }
  out += ']';
}

void append_partitions(std::string& out, const Parts& parts) {
  out += fmt::format(R"("partitionInfo":[{{"rowCount":{},"uncompressedSize":{}}})", parts.partitions.front().rows,
                     parts.rows.size() + 2);
  for (std::size_t i = 1; i != parts.partitions.size(); ++i) {
    const Partition& partition = parts.partitions[i];
    out += fmt::format(R"(,{{"rowCount":{},"uncompressedSize":{},"compressedSize":{}}})", partition.rows,
                       partition.stored_bytes * expansion, partition.stored_bytes);
  }
  out += ']';
}

std::string body_of(const Parts& parts, const ResultSetAsked& asked) {
  std::string out;
  out.reserve(parts.rows.size() + 256 * parts.columns.size() + 80 * parts.partitions.size() + 1024);
  out += fmt::format(R"({{"resultSetMetaData":{{"numRows":{},"format":"jsonv2",)", parts.total);
  append_partitions(out, parts);
  out += ',';
  append_columns(out, parts.columns);
  if (!asked.form.nullable) out += R"(,"nullable":false)";
  out += R"(},"data":[)";
  out += parts.rows;
  out += fmt::format(R"(],"code":"090001","sqlState":"00000","message":"Statement executed successfully.",)"
                     R"("statementHandle":"{}","createdOn":{},"statementStatusUrl":"{}")",
                     asked.id.to_string(),
                     std::chrono::duration_cast<std::chrono::milliseconds>(asked.created_on.time_since_epoch()).count(),
                     statement_url(asked.id));
  if (!asked.request_id.empty()) {
    out += R"(,"requestId":)";
    append_json_string(out, asked.request_id);
  }
  if (!parts.stats.empty()) out += R"(,"stats":)" + parts.stats;
  out += '}';
  return out;
}

Parts one_row(std::vector<Column> columns, std::string row) {
  return {.columns = std::move(columns),
          .total = 1,
          .partitions = {{.first = 0, .rows = 1, .stored_bytes = 0}},
          .rows = "[" + std::move(row) + "]",
          .stats = {}};
}

// The member of `stats` in which a column of counts is summed.
std::size_t stat_of(std::string_view column) {
  if (column.find("multi-joined") != column.npos) return 3;
  if (column.find("deleted") != column.npos) return 2;
  return column.find("updated") != column.npos ? 1 : 0;
}

Parts count_parts(const std::vector<snowflake::RowCount>& counts) {
  std::vector<Column> columns;
  std::string row;
  std::array<std::uint64_t, 4> stats{};  // Without a sign: whatever a warehouse counts, the sums are defined.
  for (const snowflake::RowCount& each : counts) {
    columns.push_back({.name = each.column, .type = "fixed", .precision = 19, .scale = 0, .nullable = false});
    row += fmt::format(R"({}"{}")", row.empty() ? "" : ",", each.rows);
    stats[stat_of(each.column)] += static_cast<std::uint64_t>(each.rows);
  }
  Parts parts = one_row(std::move(columns), std::move(row));
  parts.stats = fmt::format(R"({{"numRowsInserted":{},"numRowsUpdated":{},"numRowsDeleted":{},)"
                            R"("numDuplicateRowsUpdated":{}}})",
                            stats[0], stats[1], stats[2], stats[3]);
  return parts;
}

Parts status_parts(std::string_view words) {
  std::vector<Column> columns;
  columns.push_back({.name = "status", .type = "text", .length = 16'777'216, .byte_length = 16'777'216});
  std::string row;
  append_json_string(row, words);
  return one_row(std::move(columns), std::move(row));
}

}  // namespace

Result<std::string> result_set(const results::Reader& reader, const ResultSetAsked& asked) {
  const results::Manifest& manifest = reader.manifest();
  if (const auto counts = snowflake::row_counts(asked.type, reader)) return body_of(count_parts(*counts), asked);
  if (manifest.schema->num_fields() == 0 || asked.type == StatementType::ddl) {
    return body_of(status_parts(snowflake::status_words(reader)), asked);
  }

  Parts parts{.columns = rows::snowflake::describe(manifest.schema),
              .total = manifest.rows,
              .partitions = partitions_of(manifest),
              .rows = {},
              .stats = {}};
  auto encoder = make_partition_encoder(manifest.schema, asked.form);
  if (!encoder) return std::move(encoder).error();
  const claim::RowsAsked first{.offset = 0, .limit = parts.partitions.front().rows};
  // Never more than one stored chunk has, so its size is bounded where it was written.
  auto text = claim::rows_text(reader, *std::move(encoder), first, SIZE_MAX);
  if (!text) return std::move(text).error();
  parts.rows = **std::move(text);
  return body_of(parts, asked);
}

Result<std::string> script_result_set(const results::Reader& reader, const ResultSetAsked& asked) {
  auto parts = snowflake::read_script_parts(reader);
  if (!parts) return std::move(parts).error();
  auto body = small_result_set(snowflake::script_row(), asked);
  if (!body) return body;
  body->pop_back();
  *body += R"(,"statementHandles":[)";
  for (std::size_t i = 0; i != parts->size(); ++i)
    *body += fmt::format(R"({}"{}")", i == 0 ? "" : ",", (*parts)[i].query_id);
  *body += "]}";
  return body;
}

Result<std::string> small_result_set(const rows::Batch& batch, const ResultSetAsked& asked) {
  const auto rows = static_cast<std::uint64_t>(batch->num_rows());
  Parts parts{.columns = rows::snowflake::describe(batch->schema()),
              .total = rows,
              .partitions = {{.first = 0, .rows = rows, .stored_bytes = 0}},
              .rows = {},
              .stats = {}};
  auto encoder = make_partition_encoder(batch->schema(), asked.form);
  if (!encoder) return std::move(encoder).error();
  if (auto begun = (*encoder)->begin(parts.rows); !begun) return std::move(begun).error();
  if (auto added = (*encoder)->append(*batch, parts.rows); !added) return std::move(added).error();
  if (auto finished = (*encoder)->finish(parts.rows); !finished) return std::move(finished).error();
  return body_of(parts, asked);
}

}  // namespace coatcheck::api::snowflake_sql_api
