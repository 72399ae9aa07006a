#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/journal.hpp"

namespace coatcheck::query::testing {

// A journal in front of the real one that can be held: then what is submitted or recorded waits, in order,
// and goes to the real one when it is let go. It can also refuse.
class HoldableJournal final : public journal::Journal {
 public:
  HoldableJournal(async::Loop& loop, std::unique_ptr<journal::Journal> real)
      : real_(std::move(real)),
        gate_(loop.get_executor(), Deadline::max()),
        came_(loop.get_executor(), Deadline::max()) {}

  void hold() { holding_ = true; }
  void let_go() {
    holding_ = false;
    gate_.cancel();
  }
  // Returns when `count` calls are held.
  async::Task<> held(std::size_t count) {
    while (held_ < count) {
      [[maybe_unused]] auto [error] = co_await came_.async_wait(async::as_outcome);
    }
  }

  // What every submit() and record() is answered from now on, without being done. After an io_error it says
  // that it cannot be written, as the real one.
  void refuse(std::optional<Error> with) { refusal_ = std::move(with); }
  // Returns when `count` calls have been refused in all.
  async::Task<> refused(std::size_t count) {
    while (refused_ < count) {
      [[maybe_unused]] auto [error] = co_await came_.async_wait(async::as_outcome);
    }
  }

  async::Task<Result<Submitted>> submit(journal::Entry entry) override {
    co_await pass();
    if (refusal_) co_return refusal();
    co_return co_await real_->submit(std::move(entry));
  }
  async::Task<Result<void>> record(journal::Entry entry) override {
    co_await pass();
    if (refusal_) co_return refusal();
    co_return co_await real_->record(std::move(entry));
  }
  void note(journal::Entry entry) override { real_->note(std::move(entry)); }

  bool writable() const override { return real_->writable() && !(refusal_ && refusal_->code == Errc::io_error); }

  async::Task<Result<std::optional<journal::Entry>>> find(QueryId id) override { return real_->find(id); }
  async::Task<Result<std::optional<journal::Entry>>> find_by_key(std::string principal, std::string key) override {
    return real_->find_by_key(std::move(principal), std::move(key));
  }
  async::Task<Result<journal::HistoryPage>> history(journal::HistoryFilter filter, std::optional<QueryId> from,
                                                    std::size_t limit) override {
    return real_->history(std::move(filter), from, limit);
  }
  Result<void> replay(std::size_t recent, const std::function<void(Result<journal::Entry>)>& visit) override {
    return real_->replay(recent, visit);
  }
  Result<bool> has_result(QueryId id) override { return real_->has_result(id); }
  async::Task<Result<std::vector<journal::Entry>>> expired_results(Timestamp now, std::size_t limit) override {
    return real_->expired_results(now, limit);
  }
  async::Task<Result<std::vector<QueryId>>> forget(Timestamp before, std::size_t limit) override {
    return real_->forget(before, limit);
  }
  async::Task<> close() override { return real_->close(); }
  Counters counters() const override { return real_->counters(); }

 private:
  Error refusal() {
    ++refused_;
    came_.cancel();
    return *refusal_;
  }

  async::Task<> pass() {
    if (!holding_) co_return;
    ++held_;
    came_.cancel();
    while (holding_) {
      [[maybe_unused]] auto [error] = co_await gate_.async_wait(async::as_outcome);
    }
    --held_;
  }

  std::unique_ptr<journal::Journal> real_;
  async::Timer gate_;  // Canceled to let everybody through, in the order in which they came.
  async::Timer came_;  // Canceled when one more is held or refused.
  bool holding_ = false;
  std::size_t held_ = 0;
  std::size_t refused_ = 0;
  std::optional<Error> refusal_;
};

}  // namespace coatcheck::query::testing
