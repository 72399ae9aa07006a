#pragma once

#include <arrow/api.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scan/recognizer.hpp"
#include "scan/stored.hpp"

namespace coatcheck::scan::testing {

// A result in memory. Its rows come in the batches it was made of.
class MemoryReader final : public results::Reader, public std::enable_shared_from_this<MemoryReader> {
 public:
  MemoryReader(rows::Schema schema, std::vector<rows::Batch> batches) : batches_(std::move(batches)) {
    manifest_.schema = std::move(schema);
    for (const auto& batch : batches_) manifest_.rows += static_cast<std::uint64_t>(batch->num_rows());
  }

  const results::Manifest& manifest() const override { return manifest_; }
  std::unique_ptr<results::RowStream> rows(std::uint64_t, std::uint64_t) const override {
    return std::make_unique<Stream>(shared_from_this());
  }
  const File& file() const override { std::abort(); }
  Result<void> verify(std::size_t) const override { return Result<void>::ok(); }
  Result<std::shared_ptr<const File>> find_rendition(rows::Format) const override {
    return Error{Errc::not_found, "none"};
  }
  std::unique_ptr<results::Rendition> make_rendition(rows::Format) const override { return nullptr; }

 private:
  class Stream final : public results::RowStream {
   public:
    explicit Stream(std::shared_ptr<const MemoryReader> of) : of_(std::move(of)) {}
    Result<std::optional<rows::Batch>> next() override {
      if (at_ == of_->batches_.size()) return std::optional<rows::Batch>();
      return std::optional(of_->batches_[at_++]);
    }

   private:
    std::shared_ptr<const MemoryReader> of_;
    std::size_t at_ = 0;
  };

  results::Manifest manifest_;
  std::vector<rows::Batch> batches_;
};

// Results and a history as the test says, whose they are included. Counts what it is asked.
class ScriptedStored final : public Stored {
 public:
  struct Result {
    std::string principal;
    Reader reader = {};                   // Null: it is still running, and waits until the deadline.
    std::optional<Failure> failure = {};  // Instead.
  };

  std::map<QueryId, Result> results = {};
  std::vector<std::shared_ptr<const journal::Entry>> entries = {};
  std::vector<HistoryRequest> asked = {};
  int waiting = 0;
  int waited = 0;

  async::Task<warehouse::Outcome<Reader>> result(std::string principal, QueryId id, Deadline deadline) override {
    const auto found = results.find(id);
    if (found == results.end() || found->second.principal != principal) co_return not_found(id.to_string());
    if (found->second.failure) co_return *found->second.failure;
    if (found->second.reader == nullptr) {
      async::Timer timer(co_await async::asio::this_coro::executor, deadline);
      ++waiting;
      [[maybe_unused]] auto [error] = co_await timer.async_wait(async::as_outcome);
      ++waited;
      co_return still_running(id);
    }
    co_return found->second.reader;
  }

  async::Task<warehouse::Outcome<Entries>> history(std::string principal, HistoryRequest request) override {
    Entries own;
    for (const auto& entry : entries) {
      if (entry->submission.principal == principal && lets_through(request, *entry)) own.push_back(entry);
    }
    asked.push_back(std::move(request));
    co_return own;
  }
};

}  // namespace coatcheck::scan::testing
