#include "api/snowflake_sql_api/partition_encoder.hpp"

#include <utility>

#include "rows/snowflake/encoders.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

class PartitionEncoder final : public rows::Encoder {
 public:
  PartitionEncoder(std::unique_ptr<rows::Encoder> rows, AnswerForm form, std::string prefix, std::string suffix)
      : rows_(std::move(rows)), form_(form), prefix_(std::move(prefix)), suffix_(std::move(suffix)) {}

  Result<void> begin(std::string& out) override {
    out += prefix_;
    return rows_->begin(out);
  }

  Result<void> append(const arrow::RecordBatch& batch, std::string& out) override {
    if (form_.nullable) return rows_->append(batch, out);
    encoded_.clear();
    if (auto appended = rows_->append(batch, encoded_); !appended) return appended;
    append_with_null_texts(encoded_, out);
    return Result<void>::ok();
  }

  Result<void> finish(std::string& out) override {
    if (auto finished = rows_->finish(out); !finished) return finished;
    out += suffix_;
    return Result<void>::ok();
  }

 private:
  std::unique_ptr<rows::Encoder> rows_;
  AnswerForm form_;
  std::string prefix_;
  std::string suffix_;
  std::string encoded_;
};

// Where the string that begins at `begin` ends: behind its last quotation mark.
std::size_t string_end(std::string_view json, std::size_t begin) {
  for (std::size_t at = begin + 1; at < json.size(); ++at) {
    if (json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      return at + 1;
    }
  }
  return json.size();
}

}  // namespace

Result<std::unique_ptr<rows::Encoder>> make_partition_encoder(const rows::Schema& schema, AnswerForm form,
                                                              std::string prefix, std::string suffix) {
  auto rows = rows::snowflake::make_rowset_encoder(schema, rows::snowflake::Dialect::sql_api);
  if (!rows) return std::move(rows).error();
  return std::unique_ptr<rows::Encoder>(
      std::make_unique<PartitionEncoder>(*std::move(rows), form, std::move(prefix), std::move(suffix)));
}

void append_with_null_texts(std::string_view rows, std::string& out) {
  constexpr std::string_view null = "null";
  out.reserve(out.size() + rows.size() + rows.size() / 8);
  std::size_t at = 0;
  while (at < rows.size()) {
    const std::size_t stop = rows.find_first_of("\"n", at);
    if (stop == rows.npos) break;
    out.append(rows, at, stop - at);
    at = stop;
    if (rows[at] == '"') {
      const std::size_t end = string_end(rows, at);
      out.append(rows, at, end - at);
      at = end;
    } else {
      out += "\"null\"";
      at += null.size();
    }
  }
  if (at < rows.size()) out.append(rows, at);
}

}  // namespace coatcheck::api::snowflake_sql_api
