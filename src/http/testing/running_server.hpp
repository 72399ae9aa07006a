#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/server.hpp"

namespace coatcheck::http::testing {

// A server on a free port, with a thread of its own. Drains when it dies, cutting what is left.
class RunningServer {
 public:
  explicit RunningServer(Router router, Limits limits = {}, const Certificates* certificates = nullptr) {
    auto log = [this](std::string_view event, std::string_view detail) {
      const std::lock_guard lock(mutex_);
      log_.push_back(std::string(event) + ": " + std::string(detail));
    };
    server_.emplace(loop_, std::move(router), limits, std::move(log), certificates);
    auto port = server_->listen("127.0.0.1", 0);
    if (port) port_ = *port;
    thread_ = std::thread([this] { loop_.run(); });
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() {
    drain(std::chrono::seconds(0)).wait();
    busy_.reset();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  std::future<void> drain(std::chrono::seconds grace) {
    return async::asio::co_spawn(loop_.get_executor(), server_->drain(async::Timer::clock_type::now() + grace),
                                 async::asio::use_future);
  }
  Counters counters() {
    return async::asio::post(loop_.get_executor(), async::asio::use_future([this] { return server_->counters(); }))
        .get();
  }
  void on_loop(std::function<void()> work) { async::asio::post(loop_.get_executor(), std::move(work)); }
  std::vector<std::string> log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  async::Loop loop_;
  async::asio::executor_work_guard<async::Executor> busy_{loop_.get_executor()};  // A drained server leaves no work.
  std::mutex mutex_;
  std::vector<std::string> log_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace coatcheck::http::testing
