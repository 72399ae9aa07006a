#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <memory>
#include <utility>

#include "journal/sqlite/committer.hpp"

namespace coatcheck::journal::sqlite {

// An operation that a coroutine waits for. `work` takes the ledger and returns a Result<Value>.
template <class Value, class Work, class Handler>
class Awaited final : public Operation {
 public:
  Awaited(Work work, Handler handler, async::Executor executor)
      : work_(std::move(work)), handler_(std::move(handler)), guard_(executor) {}

  void apply(Ledger& ledger) override { outcome_ = work_(ledger); }
  void fail(const Error& error) override { outcome_ = error; }

  void complete() override {
    guard_.reset();
    handler_(std::move(outcome_));
  }

 private:
  Work work_;
  Handler handler_;
  async::asio::executor_work_guard<async::Executor> guard_;  // Keeps the loop running until complete().
  Result<Value> outcome_;
};

// Has `work` done by the committer; resumes when it is durable.
template <class Value, class Work>
async::Task<Result<Value>> committed(Committer* committer, async::Executor executor, Work work) {
  return async::asio::async_initiate<const async::asio::use_awaitable_t<async::Executor>, void(Result<Value>)>(
      [committer, executor](auto handler, Work to_do) {
        using Handler = decltype(handler);
        committer->push(
            std::make_unique<Awaited<Value, Work, Handler>>(std::move(to_do), std::move(handler), executor));
      },
      async::use_task, std::move(work));
}

// Something recorded that nobody waits for.
class Note final : public Operation {
 public:
  Note(Entry entry, Counts& counts) : entry_(std::move(entry)), counts_(counts) {}

  void apply(Ledger& ledger) override { lost_ = !ledger.record(entry_); }
  void fail(const Error& /*error*/) override { lost_ = true; }
  void complete() override {
    if (lost_) counts_.lost_notes.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  Entry entry_;
  Counts& counts_;
  bool lost_ = false;
};

}  // namespace coatcheck::journal::sqlite
