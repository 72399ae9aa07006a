#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

#include "async/task.hpp"

namespace coatcheck::async {

// A fixed number of threads for work that blocks or computes, so that the loop never does.
//
// Destroy it after the tasks that use it are joined and before the loop: the destructor waits for work
// that has begun.
class Pool {
 public:
  explicit Pool(std::size_t threads) : threads_(threads) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { threads_.join(); }

  // Runs `work` on a thread of the pool and resumes on the loop with what it returned or threw.
  //
  // Canceling the waiting coroutine does not interrupt `work`: the await ends when the work has. So what
  // the work refers to may live in the coroutine's frame.
  template <class Work>
  Task<std::invoke_result_t<Work&>> run(Work work) {
    using Value = std::invoke_result_t<Work&>;
    if constexpr (std::is_void_v<Value>) {
      auto returning = [work = std::move(work)]() mutable {
        work();
        return std::monostate{};
      };
      co_await submit<std::monostate>(std::move(returning));
    } else {
      co_return co_await submit<Value>(std::move(work));
    }
  }

 private:
  template <class Value, class Work>
  auto submit(Work work) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(std::exception_ptr, Value)>(
        [this](auto handler, Work to_run) {
          auto executor = asio::get_associated_executor(handler);
          asio::post(threads_, [handler = std::move(handler), executor, guard = asio::make_work_guard(executor),
                                to_run = std::move(to_run)]() mutable {
            std::exception_ptr failure;
            Value value{};
            try {
              // Ends here, on this thread, before the coroutine goes on: what it holds may refer to the frame.
              auto work_here = std::move(to_run);
              value = work_here();
            } catch (...) {
              failure = std::current_exception();
            }
            asio::post(executor, [handler = std::move(handler), failure, value = std::move(value)]() mutable {
              handler(failure, std::move(value));
            });
            guard.reset();
          });
        },
        use_task, std::move(work));
  }

  asio::thread_pool threads_;
};

}  // namespace coatcheck::async
