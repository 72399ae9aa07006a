#include "scan/sources.hpp"

#include <arrow/api.h>
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <random>
#include <utility>

#include "rows/names.hpp"

namespace coatcheck::scan {

namespace {

using warehouse::Outcome;

class ResultRows final : public warehouse::InputRows {
 public:
  ResultRows(std::unique_ptr<results::RowStream> stream, rows::Schema schema, QueryId id)
      : stream_(std::move(stream)), schema_(std::move(schema)), id_(id) {}

  Outcome<std::optional<rows::Batch>> next() override {
    auto next = stream_->next();
    if (!next) {
      return Failure{.category = FailureCategory::internal,
                     .message = "The result of query " + id_.to_string() + " cannot be read."};
    }
    if (!*next) return std::optional<rows::Batch>();
    return std::optional(arrow::RecordBatch::Make(schema_, (**next)->num_rows(), (**next)->columns()));
  }

 private:
  std::unique_ptr<results::RowStream> stream_;
  rows::Schema schema_;
  QueryId id_;
};

class OneBatch final : public warehouse::InputRows {
 public:
  explicit OneBatch(rows::Batch batch) : batch_(std::move(batch)) {}
  Outcome<std::optional<rows::Batch>> next() override { return std::exchange(batch_, std::nullopt); }

 private:
  std::optional<rows::Batch> batch_;
};

}  // namespace

std::string make_input_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

Outcome<warehouse::Input> input_of(Stored::Reader result, QueryId id) {
  const auto& manifest = result->manifest();
  if (manifest.schema->num_fields() == 0) {
    return Failure{.category = FailureCategory::statement,
                   .sqlstate = "02000",
                   .message = "Query " + id.to_string() + " has no result: it is no query for rows."};
  }
  // Every format names them so, and the engine needs names that differ.
  const auto schema = rows::with_unique_names(manifest.schema);
  return warehouse::Input{.name = make_input_name(),
                          .schema = schema,
                          .rows = manifest.rows,
                          .open = [result = std::move(result), schema, id] {
                            return std::make_unique<ResultRows>(result->rows(0, UINT64_MAX), schema, id);
                          }};
}

warehouse::Input input_of(const Stored::Entries& entries, const HistoryRowsOptions& options) {
  auto batch = history_rows(entries, options);
  return {.name = make_input_name(), .schema = batch->schema(), .rows = entries.size(), .open = [batch] {
            return std::make_unique<OneBatch>(batch);
          }};
}

}  // namespace coatcheck::scan
