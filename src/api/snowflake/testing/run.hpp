#pragma once

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <optional>
#include <utility>

#include "async/task.hpp"

namespace coatcheck::api::snowflake::testing {

// Runs one task on a loop of its own to its end, and returns what it returned.
template <class T>
T run(async::Task<T> task) {
  async::Loop loop;
  std::optional<T> outcome;
  std::exception_ptr failure;
  async::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr ended, T value) {
    failure = ended;
    outcome = std::move(value);
  });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return *std::move(outcome);
}

inline void run(async::Task<void> task) {
  async::Loop loop;
  std::exception_ptr failure;
  async::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr ended) { failure = ended; });
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace coatcheck::api::snowflake::testing
