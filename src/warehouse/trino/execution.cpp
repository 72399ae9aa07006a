#include "warehouse/trino/execution.hpp"

#include <arrow/api.h>

#include <utility>

#include "warehouse/trino/errors.hpp"
#include "warehouse/trino/statement_text.hpp"

namespace coatcheck::warehouse::trino {

namespace {

class TrinoCursor final : public Cursor {
 public:
  explicit TrinoCursor(TrinoExecution& execution) : execution_(execution) {}

  rows::Schema schema() const override { return execution_.schema(); }
  async::Task<Outcome<std::optional<rows::Batch>>> next() override { return execution_.next(); }

 private:
  TrinoExecution& execution_;
};

// Trino gives the count of a write as one row of one column of this name.
bool is_count(const Page& page) {
  return !page.update_type.empty() && page.columns && page.columns->size() == 1 &&
         page.columns->front().name == "rows" && page.columns->front().type.name == "bigint";
}

}  // namespace

TrinoExecution::TrinoExecution(Protocol& protocol, Request request, Bound bound, StatementKind kind)
    : protocol_(protocol), request_(std::move(request)), bound_(std::move(bound)), kind_(kind) {}

// Trino would end it by itself, but only after minutes in which nobody has followed.
TrinoExecution::~TrinoExecution() {
  if (!page_.next_uri.empty()) protocol_.abandon(page_.next_uri);
}

void TrinoExecution::cancel() {
  if (*stop_) return;
  *stop_ = true;
  if (!page_.next_uri.empty()) protocol_.abandon(page_.next_uri);
}

async::Task<Outcome<std::unique_ptr<Cursor>>> TrinoExecution::run() {
  if (*stop_) co_return canceled_failure();
  auto first = co_await protocol_.submit(bound_.text, request_, stop_);
  auto trouble = co_await take(std::move(first));
  while (!trouble && !schema_ && !page_.next_uri.empty()) trouble = co_await follow();
  if (trouble) co_return std::move(*trouble);
  if (!schema_) schema_ = arrow::schema({});
  std::unique_ptr<Cursor> cursor = std::make_unique<TrinoCursor>(*this);
  co_return cursor;
}

async::Task<TrinoExecution::Trouble> TrinoExecution::follow() {
  auto arrived = co_await protocol_.follow(page_.next_uri, stop_);
  co_return co_await take(std::move(arrived));
}

async::Task<TrinoExecution::Trouble> TrinoExecution::take(Outcome<Page> arrived) {
  if (arrived) {
    auto progress = page_.progress;
    page_ = std::move(*arrived);
    if (!page_.progress) page_.progress = progress;
    page_read_ = page_.rows_size == 0;
    segment_ = 0;
  }
  if (*stop_) co_return co_await canceled();
  if (!arrived) co_return std::move(arrived).error();
  if (page_.error) {
    page_.next_uri.clear();
    co_return read_error(
        *page_.error, {.statement = bare_statement(request_.statement.text), .columns_before = bound_.columns_before});
  }
  if (!schema_ && page_.columns) learn_columns();
  co_return std::nullopt;
}

// Returns when the warehouse has confirmed.
async::Task<Failure> TrinoExecution::canceled() {
  if (!page_.next_uri.empty()) {
    auto confirmed = co_await protocol_.cancel(page_.next_uri);
    if (!confirmed) co_return std::move(confirmed).error();
    page_.next_uri.clear();
  }
  co_return canceled_failure();
}

void TrinoExecution::learn_columns() {
  if (is_count(page_)) {
    counts_ = true;
    schema_ = arrow::schema({arrow::field("Count", arrow::int64())});
    return;
  }
  decoder_.emplace(*page_.columns);
  schema_ = decoder_->schema();
}

async::Task<Outcome<rows::Batch>> TrinoExecution::decode_page() {
  page_read_ = true;
  if (!decoder_) co_return not_understood("rows without columns");
  auto work = [this] { return decoder_->decode(page_.rows()); };
  co_return co_await protocol_.pool().run(std::move(work));
}

async::Task<Outcome<rows::Batch>> TrinoExecution::decode_segment() {
  const Segment& segment = page_.segments[segment_++];
  if (!decoder_) co_return not_understood("rows without columns");
  auto rows = co_await protocol_.fetch(segment, page_.encoding, stop_);
  if (!rows) co_return std::move(rows).error();
  auto work = [this, &rows] { return decoder_->decode(*rows); };
  auto batch = co_await protocol_.pool().run(std::move(work));
  if (batch) protocol_.acknowledge(segment);
  co_return batch;
}

// The count of a write, once.
std::optional<rows::Batch> TrinoExecution::take_count() {
  if (!counts_ || counted_) return std::nullopt;
  counted_ = true;
  arrow::Int64Builder count;
  const auto status = page_.update_count ? count.Append(*page_.update_count) : count.AppendNull();
  if (!status.ok()) return std::nullopt;
  return arrow::RecordBatch::Make(schema_, 1, {count.Finish().ValueOrDie()});
}

async::Task<Outcome<std::optional<rows::Batch>>> TrinoExecution::next() {
  using Next = std::optional<rows::Batch>;
  while (true) {
    if (*stop_) co_return co_await canceled();
    Outcome<rows::Batch> batch;
    if (!page_read_ && !counts_) {
      batch = co_await decode_page();
    } else if (segment_ < page_.segments.size() && !counts_) {
      batch = co_await decode_segment();
    } else if (page_.next_uri.empty()) {
      co_return Next(take_count());
    } else {
      auto trouble = co_await follow();
      if (trouble) co_return std::move(*trouble);
      continue;
    }
    if (*stop_) continue;
    if (!batch) co_return std::move(batch).error();
    if ((*batch)->num_rows() > 0) co_return Next(std::move(*batch));
  }
}

}  // namespace coatcheck::warehouse::trino
