#include "scan/history_rows.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <utility>
#include <variant>

#include "scan/tokenizer.hpp"

namespace coatcheck::scan {

namespace {

using journal::Entry;
using journal::State;

struct Nothing {};
using Value = std::variant<Nothing, bool, std::int64_t, std::string, Timestamp>;
using Reading = Value (*)(const Entry&, const HistoryRowsOptions&);

enum class Type { text, number, real, boolean, time };

struct Column {
  std::string_view name;
  Type type;
  Reading read;
};

// --- what the columns say -----------------------------------------------------------------------

Value nothing(const Entry&, const HistoryRowsOptions&) { return Nothing{}; }
Value zero(const Entry&, const HistoryRowsOptions&) { return std::int64_t{0}; }
Value never(const Entry&, const HistoryRowsOptions&) { return false; }

Value text_or_nothing(const std::string& text) { return text.empty() ? Value(Nothing{}) : Value(text); }

std::int64_t milliseconds_between(Timestamp from, Timestamp to) {
  return std::max<std::int64_t>(0, std::chrono::floor<std::chrono::milliseconds>(to - from).count());
}

Value id(const Entry& entry, const HistoryRowsOptions&) { return entry.id.to_string(); }
Value statement(const Entry& entry, const HistoryRowsOptions&) { return entry.submission.statement.text; }
Value user(const Entry& entry, const HistoryRowsOptions&) { return text_or_nothing(entry.submission.principal); }
Value warehouse(const Entry& entry, const HistoryRowsOptions&) { return text_or_nothing(entry.submission.warehouse); }
Value tag(const Entry& entry, const HistoryRowsOptions&) { return entry.submission.query_tag; }
Value submitted(const Entry& entry, const HistoryRowsOptions&) { return entry.submitted_at; }
Value ended(const Entry& entry, const HistoryRowsOptions&) { return entry.ended_at.value_or(Timestamp()); }

Value session(const Entry& entry, const HistoryRowsOptions&) {
  const auto number = entry.submission.session;
  return number == 0 ? Value(Nothing{}) : Value(static_cast<std::int64_t>(number));
}

constexpr std::array<std::string_view, 5> objects = {"TABLE", "VIEW", "SCHEMA", "SEQUENCE", "FUNCTION"};

// What a CREATE, DROP or ALTER is about, by the first word that says so: "CREATE_TABLE", "ALTER".
std::string definition(std::string verb, std::string_view text) {
  constexpr int words_max = 5;  // create or replace temporary table
  Tokenizer tokenizer(text);
  for (int i = 0; i <= words_max; ++i) {
    const auto token = tokenizer.next();
    if (!token) break;
    for (const auto object : objects) {
      if (is_word(text, *token, object)) return verb + "_" + std::string(object);
    }
  }
  return verb;
}

// The statement's kind in Snowflake's words, as far as its first words tell.
std::string query_type_of(std::string_view text) {
  auto word = first_word(text);
  constexpr std::array<std::string_view, 5> queries = {"SELECT", "WITH", "FROM", "VALUES", "TABLE"};
  constexpr std::array<std::string_view, 7> themselves = {"INSERT", "UPDATE",   "DELETE", "MERGE",
                                                          "SHOW",   "DESCRIBE", "EXPLAIN"};
  if (std::ranges::find(queries, word) != queries.end()) return "SELECT";
  if (std::ranges::find(themselves, word) != themselves.end()) return word;
  if (word == "CREATE" || word == "DROP" || word == "ALTER") return definition(std::move(word), text);
  if (word == "TRUNCATE") return "TRUNCATE_TABLE";
  return "UNKNOWN";
}

Value query_type(const Entry& entry, const HistoryRowsOptions&) {
  return query_type_of(entry.submission.statement.text);
}

Value status(const Entry& entry, const HistoryRowsOptions&) {
  switch (entry.state) {
    case State::queued: return "QUEUED";
    case State::running:
    case State::canceling: return "RUNNING";
    case State::succeeded: return "SUCCESS";
    case State::failed:
    case State::canceled: return "FAILED_WITH_ERROR";
  }
  return Nothing{};
}

Value error_code(const Entry& entry, const HistoryRowsOptions& options) {
  if (entry.state == State::canceled) return "000604";
  if (entry.state != State::failed || !entry.failure) return Nothing{};
  return text_or_nothing(options.error_code ? options.error_code(*entry.failure) : entry.failure->code);
}

Value error_message(const Entry& entry, const HistoryRowsOptions&) {
  if (entry.state == State::canceled) return "SQL execution canceled";
  if (entry.state != State::failed || !entry.failure) return Nothing{};
  return entry.failure->message;
}

Value elapsed(const Entry& entry, const HistoryRowsOptions& options) {
  return milliseconds_between(entry.submitted_at, entry.ended_at.value_or(options.now));
}

Value queued(const Entry& entry, const HistoryRowsOptions& options) {
  return milliseconds_between(entry.submitted_at, entry.started_at.value_or(entry.ended_at.value_or(options.now)));
}

Value execution(const Entry& entry, const HistoryRowsOptions& options) {
  if (!entry.started_at) return std::int64_t{0};
  return milliseconds_between(*entry.started_at, entry.ended_at.value_or(options.now));
}

Value rows(const Entry& entry, const HistoryRowsOptions&) {
  return entry.result ? Value(static_cast<std::int64_t>(entry.result->rows)) : Value(Nothing{});
}

Value bytes(const Entry& entry, const HistoryRowsOptions&) {
  return entry.result ? Value(static_cast<std::int64_t>(entry.result->bytes)) : Value(Nothing{});
}

constexpr auto columns_of_snowflake = std::to_array<Column>({
    {"QUERY_ID", Type::text, id},
    {"QUERY_TEXT", Type::text, statement},
    {"DATABASE_NAME", Type::text, nothing},
    {"SCHEMA_NAME", Type::text, nothing},
    {"QUERY_TYPE", Type::text, query_type},
    {"SESSION_ID", Type::number, session},
    {"AUTHN_EVENT_ID", Type::number, nothing},
    {"USER_NAME", Type::text, user},
    {"USER_TYPE", Type::text, nothing},
    {"USER_DATABASE_NAME", Type::text, nothing},
    {"USER_SCHEMA_NAME", Type::text, nothing},
    {"ROLE_NAME", Type::text, nothing},
    {"WAREHOUSE_NAME", Type::text, warehouse},
    {"WAREHOUSE_SIZE", Type::text, nothing},
    {"WAREHOUSE_TYPE", Type::text, nothing},
    {"CLUSTER_NUMBER", Type::number, nothing},
    {"QUERY_TAG", Type::text, tag},
    {"EXECUTION_STATUS", Type::text, status},
    {"ERROR_CODE", Type::text, error_code},
    {"ERROR_MESSAGE", Type::text, error_message},
    {"START_TIME", Type::time, submitted},
    {"END_TIME", Type::time, ended},
    {"TOTAL_ELAPSED_TIME", Type::number, elapsed},
    {"BYTES_SCANNED", Type::number, nothing},
    {"ROWS_PRODUCED", Type::number, rows},
    {"COMPILATION_TIME", Type::number, nothing},
    {"EXECUTION_TIME", Type::number, execution},
    {"QUEUED_PROVISIONING_TIME", Type::number, zero},
    {"QUEUED_REPAIR_TIME", Type::number, zero},
    {"QUEUED_OVERLOAD_TIME", Type::number, queued},
    {"TRANSACTION_BLOCKED_TIME", Type::number, nothing},
    {"OUTBOUND_DATA_TRANSFER_CLOUD", Type::text, nothing},
    {"OUTBOUND_DATA_TRANSFER_REGION", Type::text, nothing},
    {"OUTBOUND_DATA_TRANSFER_BYTES", Type::number, nothing},
    {"INBOUND_DATA_TRANSFER_CLOUD", Type::text, nothing},
    {"INBOUND_DATA_TRANSFER_REGION", Type::text, nothing},
    {"INBOUND_DATA_TRANSFER_BYTES", Type::number, nothing},
    {"LIST_EXTERNAL_FILE_TIME", Type::number, nothing},
    {"CREDITS_USED_CLOUD_SERVICES", Type::real, nothing},
    {"RELEASE_VERSION", Type::text, nothing},
    {"EXTERNAL_FUNCTION_TOTAL_INVOCATIONS", Type::number, nothing},
    {"EXTERNAL_FUNCTION_TOTAL_SENT_ROWS", Type::number, nothing},
    {"EXTERNAL_FUNCTION_TOTAL_RECEIVED_ROWS", Type::number, nothing},
    {"EXTERNAL_FUNCTION_TOTAL_SENT_BYTES", Type::number, nothing},
    {"EXTERNAL_FUNCTION_TOTAL_RECEIVED_BYTES", Type::number, nothing},
    {"IS_CLIENT_GENERATED_STATEMENT", Type::boolean, never},
    {"QUERY_HASH", Type::text, nothing},
    {"QUERY_HASH_VERSION", Type::number, nothing},
    {"QUERY_PARAMETERIZED_HASH", Type::text, nothing},
    {"QUERY_PARAMETERIZED_HASH_VERSION", Type::number, nothing},
    {"TRANSACTION_ID", Type::number, nothing},
    {"QUERY_ACCELERATION_BYTES_SCANNED", Type::number, nothing},
    {"QUERY_ACCELERATION_PARTITIONS_SCANNED", Type::number, nothing},
    {"QUERY_ACCELERATION_UPPER_LIMIT_SCALE_FACTOR", Type::number, nothing},
    {"BYTES_WRITTEN_TO_RESULT", Type::number, bytes},
    {"ROWS_WRITTEN_TO_RESULT", Type::number, rows},
    {"ROWS_INSERTED", Type::number, nothing},
    {"QUERY_RETRY_TIME", Type::number, nothing},
    {"QUERY_RETRY_CAUSE", Type::text, nothing},
    {"FAULT_HANDLING_TIME", Type::number, nothing},
    {"BIND_VALUES", Type::text, nothing},
    {"AGENT_TYPE", Type::text, nothing},
});

constexpr auto names = [] {
  std::array<std::string_view, columns_of_snowflake.size()> all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = columns_of_snowflake[i].name;
  return all;
}();

// --- columns of values --------------------------------------------------------------------------

std::shared_ptr<arrow::DataType> arrow_type(Type type) {
  switch (type) {
    case Type::text: return arrow::utf8();
    case Type::number: return arrow::int64();
    case Type::real: return arrow::float64();
    case Type::boolean: return arrow::boolean();
    case Type::time: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  }
  return arrow::null();
}

// Appends a value to a builder of its column's type.
struct Appending {
  arrow::ArrayBuilder& builder;

  void operator()(Nothing) const { check(builder.AppendNull()); }
  void operator()(bool value) const { check(static_cast<arrow::BooleanBuilder&>(builder).Append(value)); }
  void operator()(std::int64_t value) const { check(static_cast<arrow::Int64Builder&>(builder).Append(value)); }
  void operator()(const std::string& value) const { check(static_cast<arrow::StringBuilder&>(builder).Append(value)); }
  void operator()(Timestamp value) const {
    check(static_cast<arrow::TimestampBuilder&>(builder).Append(value.time_since_epoch().count()));
  }

  // Only memory can be what fails.
  static void check(const arrow::Status& status) {
    if (!status.ok()) throw std::bad_alloc();
  }
};

std::vector<std::size_t> chosen(std::span<const std::size_t> columns) {
  std::vector<std::size_t> places(columns.begin(), columns.end());
  if (!places.empty()) return places;
  for (std::size_t i = 0; i < columns_of_snowflake.size(); ++i) places.push_back(i);
  return places;
}

struct Writing {
  std::optional<std::string> operator()(Nothing) const { return std::nullopt; }
  std::optional<std::string> operator()(bool value) const { return value ? "true" : "false"; }
  std::optional<std::string> operator()(std::int64_t value) const { return std::to_string(value); }
  std::optional<std::string> operator()(std::string value) const { return value; }
  std::optional<std::string> operator()(Timestamp value) const {
    return std::to_string(value.time_since_epoch().count());
  }
};

}  // namespace

std::span<const std::string_view> history_columns() { return names; }

std::optional<std::size_t> history_column(std::string_view upper_name) {
  const auto found = std::ranges::find(names, upper_name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

rows::Schema history_schema(std::span<const std::size_t> columns) {
  arrow::FieldVector fields;
  for (const auto place : chosen(columns)) {
    const auto& column = columns_of_snowflake[place];
    fields.push_back(arrow::field(std::string(column.name), arrow_type(column.type)));
  }
  return arrow::schema(std::move(fields));
}

rows::Batch history_rows(std::span<const std::shared_ptr<const Entry>> entries, const HistoryRowsOptions& options,
                         std::span<const std::size_t> columns) {
  arrow::ArrayVector arrays;
  for (const auto place : chosen(columns)) {
    const auto& column = columns_of_snowflake[place];
    const auto builder = arrow::MakeBuilder(arrow_type(column.type)).ValueOrDie();
    for (const auto& entry : entries) std::visit(Appending{*builder}, column.read(*entry, options));
    arrays.push_back(builder->Finish().ValueOrDie());
  }
  return arrow::RecordBatch::Make(history_schema(columns), static_cast<std::int64_t>(entries.size()),
                                  std::move(arrays));
}

std::optional<std::string> history_value(const Entry& entry, const HistoryRowsOptions& options, std::size_t column) {
  return std::visit(Writing{}, columns_of_snowflake[column].read(entry, options));
}

}  // namespace coatcheck::scan
