#include "warehouse/snowflake/cursor.hpp"

#include <arrow/record_batch.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/clock.hpp"
#include "warehouse/snowflake/decoder.hpp"
#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/partition.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

async::Task<Outcome<rows::Batch>> decode_first(std::shared_ptr<Protocol> protocol,
                                               std::shared_ptr<const Columns> columns, std::string body,
                                               std::uint64_t rows) {
  auto work = [columns = std::move(columns), body = std::move(body), rows] {
    return decode_rows(*columns, body, rows);
  };
  co_return co_await protocol->compute(std::move(work));
}

}  // namespace

PartitionCursor::PartitionCursor(std::shared_ptr<Protocol> protocol, std::shared_ptr<Control> control, Answer answer,
                                 std::string body)
    : protocol_(std::move(protocol)),
      control_(std::move(control)),
      answer_(std::move(answer)),
      first_(std::move(body)) {}

PartitionCursor::~PartitionCursor() { abort(); }

void PartitionCursor::abort() {
  for (const auto& [index, fetch] : fetches_) fetch->abort();
  fetches_.clear();
}

std::optional<Cursor::Kept> PartitionCursor::kept() const {
  using std::chrono::milliseconds;
  const auto& options = protocol_->options();
  if (options.spool != SnowflakeOptions::Spool::on_claim || answer_.partitions.size() < 2) return std::nullopt;
  auto for_time = options.result_kept_for;
  if (answer_.created) {
    const auto age = std::chrono::floor<milliseconds>(system_clock().now()) - *answer_.created;
    for_time = std::clamp(for_time - age, milliseconds(0), options.result_kept_for);
  }
  return Kept{.rows = answer_.rows, .for_time = for_time};
}

std::optional<Failure> PartitionCursor::ending() {
  if (!control_->has_left() && !control_->is_canceled()) return std::nullopt;
  abort();
  return control_->has_left() ? interrupted_failure() : canceled_failure();
}

void PartitionCursor::fetch_ahead() {
  const auto most = static_cast<std::size_t>(protocol_->options().partitions_ahead_max);
  for (; ahead_ < answer_.partitions.size() && fetches_.size() < most; ++ahead_) {
    auto task = ahead_ == 0
                    ? decode_first(protocol_, answer_.columns, std::exchange(first_, {}), answer_.partitions.front())
                    : fetch_partition(protocol_, {answer_.handle, ahead_, answer_.partitions[ahead_], answer_.columns});
    fetches_.emplace(ahead_, start_aside(control_, std::move(task)));
  }
}

async::Task<Outcome<rows::Batch>> PartitionCursor::take() {
  fetch_ahead();
  const auto fetch = fetches_.at(next_);
  while (!fetch->done) {
    co_await control_->wait();
    if (auto failure = ending()) co_return *std::move(failure);
  }
  fetches_.erase(next_++);
  if (fetch->failure) std::rethrow_exception(fetch->failure);
  co_return std::move(*fetch->value);
}

async::Task<Outcome<std::optional<rows::Batch>>> PartitionCursor::next() {
  using Next = std::optional<rows::Batch>;
  while (true) {
    if (auto failure = ending()) co_return *std::move(failure);
    if (next_ == answer_.partitions.size()) co_return Next();
    if (failed_) co_return *failed_;
    auto batch = co_await take();
    if (!batch) {
      failed_ = batch.error();
      abort();
      co_return *failed_;
    }
    if ((*batch)->num_rows() > 0) co_return Next(std::move(*batch));
  }
}

}  // namespace coatcheck::warehouse::snowflake
