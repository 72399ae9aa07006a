#include "query/spooling.hpp"

#include <arrow/record_batch.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

// What the spool could not do, in words for the client.
Failure spool_failure(const Error& error) {
  if (error.code == Errc::resource_exhausted) return result_limit(error);
  // The details name files of ours; the log has them.
  return {.category = FailureCategory::internal,
          .code = "SPOOL",
          .message = "the result could not be stored",
          .retryable = true};
}

// Where the rows go. The writer is made with the first batch, on the pool's thread.
struct Sink {
  results::Spool& spool;
  StoredBytes& stored;
  const RowsWanted& wanted;
  rows::Schema schema = {};
  std::unique_ptr<results::Writer> writer = {};
  bool truncated = false;

  Result<void> open() {
    if (writer) return Result<void>::ok();
    auto created = spool.create(wanted.query, schema);
    if (!created) return std::move(created).error();
    writer = *std::move(created);
    return Result<void>::ok();
  }

  Result<void> append(rows::Batch batch) {
    auto opened = open();
    if (!opened) return opened;
    const auto rows = static_cast<std::uint64_t>(batch->num_rows());
    const std::uint64_t room = wanted.rows_max - writer->rows();
    if (rows > room) {
      truncated = true;
      if (room == 0) return Result<void>::ok();
      batch = batch->Slice(0, static_cast<std::int64_t>(room));
    }
    auto appended = writer->append(std::move(batch));
    if (!appended) return appended;
    if (wanted.may_be_too_much) return stored.grow(wanted.query, wanted.principal, writer->bytes());
    stored.count(wanted.query, wanted.principal, writer->bytes());
    return appended;
  }

  Result<results::Manifest> seal() {
    auto opened = open();
    if (!opened) return std::move(opened).error();
    auto sealed = writer->seal(truncated);
    if (sealed) stored.count(wanted.query, wanted.principal, sealed->bytes);
    return sealed;
  }

  // Takes away what was not sealed.
  void give_up() {
    writer.reset();
    stored.forget(wanted.query);
  }
};

async::Task<Result<results::Manifest, Failure>> fill(async::Pool& disk, warehouse::Cursor* cursor, Sink* into) {
  using namespace boost::asio::experimental::awaitable_operators;

  Sink& sink = *into;
  sink.schema = cursor->schema();
  auto fetched = co_await cursor->next();
  while (fetched && *fetched) {
    rows::Batch batch = **std::move(fetched);
    auto appending = disk.run([&sink, batch = std::move(batch)]() mutable { return sink.append(std::move(batch)); });
    auto both = co_await (std::move(appending) && cursor->next());
    Result<void> appended = std::move(std::get<0>(both));
    fetched = std::move(std::get<1>(both));
    if (!appended) {
      telemetry::warn("spool_append_failed",
                      {{"query_id", sink.wanted.query.to_string()}, {"error", appended.error().message}});
      co_return spool_failure(appended.error());
    }
    if (sink.truncated && sink.wanted.stop_at_max) break;
  }
  if (!fetched) co_return std::move(fetched).error();

  auto sealed = co_await disk.run([&sink] { return sink.seal(); });
  if (!sealed) {
    telemetry::error("spool_seal_failed",
                     {{"query_id", sink.wanted.query.to_string()}, {"error", sealed.error().message}});
    co_return spool_failure(sealed.error());
  }
  co_return *std::move(sealed);
}

}  // namespace

Failure result_limit(const Error& error) {
  return {.category = FailureCategory::resources,
          .code = "RESULT_LIMIT",
          .sqlstate = "53100",
          .message = error.message,
          .retryable = error.field != results::result_itself};
}

async::Task<Result<results::Manifest, Failure>> spool_rows(results::Spool& spool, StoredBytes& stored,
                                                           async::Pool& disk, warehouse::Cursor* cursor,
                                                           RowsWanted wanted) {
  Sink sink{.spool = spool, .stored = stored, .wanted = wanted};
  std::optional<Result<results::Manifest, Failure>> spooled;
  std::exception_ptr broke;
  try {
    auto filled = co_await fill(disk, cursor, &sink);
    spooled = std::move(filled);
  } catch (...) {
    broke = std::current_exception();
  }
  // A writer that did not seal takes its file away, which is the disk's business, not the loop's.
  if (broke || !*spooled) co_await disk.run([&sink] { sink.give_up(); });
  if (broke) std::rethrow_exception(broke);
  co_return *std::move(spooled);
}

}  // namespace coatcheck::query
