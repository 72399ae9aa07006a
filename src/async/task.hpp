#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace coatcheck::async {

namespace asio = boost::asio;

// The one I/O loop. Its executor is named as a concrete type everywhere: a type-erased one costs a
// fifth of the requests per second.
using Loop = asio::io_context;
using Executor = Loop::executor_type;

// A coroutine of the loop. Starts when awaited, so its parameters must be owned values, never references
// to temporaries or views.
template <class T = void>
using Task = asio::awaitable<T, Executor>;

inline constexpr asio::use_awaitable_t<Executor> use_task;

// Awaits an Asio operation for its outcome as values: `auto [error, n] = co_await f(as_outcome);`
inline constexpr auto as_outcome = asio::as_tuple(use_task);

using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace coatcheck::async
