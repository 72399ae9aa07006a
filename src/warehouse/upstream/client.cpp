#include "warehouse/upstream/client.hpp"

#include <pthread.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "warehouse/upstream/transfer.hpp"

namespace coatcheck::warehouse::upstream {

namespace {

using namespace std::chrono_literals;

// What forgotten requests get to be done when the client ends.
constexpr auto courtesy = 1s;

void initialize_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
}

}  // namespace

// Everything but start() and the outer three calls happens on the thread.
class Client::Engine {
 public:
  explicit Engine(ClientOptions options) : options_(std::move(options)), multi_(curl_multi_init()) {
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, options_.connections_max);
  }

  void start() { thread_ = std::thread(&Engine::run, this); }

  std::uint64_t add(Request request, Transfer::Done done) {
    const std::lock_guard lock(mutex_);
    const auto id = ++last_id_;
    added_.push_back(std::make_unique<Transfer>(id, std::move(request), options_, std::move(done)));
    curl_multi_wakeup(multi_.get());
    return id;
  }

  void cancel(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    canceled_.push_back(id);
    curl_multi_wakeup(multi_.get());
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      curl_multi_wakeup(multi_.get());
    }
    thread_.join();
  }

 private:
  void run() {
    // OpenSSL writes to sockets that the other side may have closed.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (!take_orders()) turn(10s);
    end();
  }

  // Begins and aborts what it was asked to; returns whether it shall stop.
  bool take_orders() {
    std::vector<std::unique_ptr<Transfer>> added;
    std::vector<std::uint64_t> canceled;
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      added.swap(added_);
      canceled.swap(canceled_);
      stopping = stopping_;
    }
    for (auto& transfer : added) {
      if (auto refusal = transfer->refusal()) {
        transfer->fail(std::move(*refusal));
        continue;
      }
      curl_multi_add_handle(multi_.get(), transfer->handle());
      const auto id = transfer->id();
      transfers_.emplace(id, std::move(transfer));
    }
    for (const auto id : canceled) {
      if (const auto found = transfers_.find(id); found != transfers_.end()) abort(found);
    }
    return stopping;
  }

  using Transfers = std::map<std::uint64_t, std::unique_ptr<Transfer>>;

  Transfers::iterator abort(Transfers::iterator at) {
    auto transfer = std::move(at->second);
    curl_multi_remove_handle(multi_.get(), transfer->handle());
    transfer->fail({.kind = TransportError::Kind::canceled, .message = "canceled"});
    return transfers_.erase(at);
  }

  void turn(std::chrono::milliseconds wait) {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    int left = 0;
    bool ended = false;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto code = message->data.result;
      Transfer* ended_one = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ended_one);
      auto node = transfers_.extract(ended_one->id());
      curl_multi_remove_handle(multi_.get(), ended_one->handle());
      node.mapped()->finish(code);
      ended = true;
    }
    if (!ended) curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
  }

  // Who waits is told at once; what nobody waits for gets a moment to be done.
  void end() {
    for (auto at = transfers_.begin(); at != transfers_.end();)
      at = at->second->forgotten() ? std::next(at) : abort(at);
    const auto until = std::chrono::steady_clock::now() + courtesy;
    while (!transfers_.empty() && std::chrono::steady_clock::now() < until) turn(50ms);
    for (auto at = transfers_.begin(); at != transfers_.end();) at = abort(at);
  }

  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  const ClientOptions options_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  Transfers transfers_;  // In libcurl's hands.

  std::mutex mutex_;  // Guards what follows.
  std::vector<std::unique_ptr<Transfer>> added_;
  std::vector<std::uint64_t> canceled_;
  std::uint64_t last_id_ = 0;
  bool stopping_ = false;

  std::thread thread_;
};

Client::Client(ClientOptions options) {
  initialize_curl();
  engine_ = std::make_shared<Engine>(std::move(options));
  engine_->start();
}

Client::~Client() { engine_->stop(); }

namespace {

// A coroutine that waits, kept where std::function can copy it: the handler itself can only be moved.
template <class Handler>
struct Waiter {
  explicit Waiter(Handler waiting)
      : handler(std::move(waiting)),
        executor(async::asio::get_associated_executor(handler)),
        guard(async::asio::make_work_guard(executor)) {}

  // Goes on with the coroutine on its loop, from any thread.
  static void resume(std::shared_ptr<Waiter> self, Answer answer) {
    const auto executor = self->executor;
    async::asio::post(executor, [self = std::move(self), answer = std::move(answer)]() mutable {
      async::asio::get_associated_cancellation_slot(self->handler).clear();
      self->guard.reset();
      auto handler = std::move(self->handler);
      self.reset();
      handler(std::move(answer));
    });
  }

  using WaiterExecutor = async::asio::associated_executor_t<Handler>;
  Handler handler;
  WaiterExecutor executor;
  async::asio::executor_work_guard<WaiterExecutor> guard;
};

}  // namespace

async::Task<Answer> Client::send(Request request) {
  auto begin = [this](auto handler, Request to_send) {
    auto slot = async::asio::get_associated_cancellation_slot(handler);
    auto waiter = std::make_shared<Waiter<decltype(handler)>>(std::move(handler));
    using Waiting = typename decltype(waiter)::element_type;
    const auto id = engine_->add(std::move(to_send), [waiter = std::move(waiter)](Answer answer) mutable {
      Waiting::resume(std::move(waiter), std::move(answer));
    });
    if (slot.is_connected()) {
      slot.assign([engine = std::weak_ptr(engine_), id](async::asio::cancellation_type) {
        if (const auto alive = engine.lock()) alive->cancel(id);
      });
    }
  };
  co_return co_await async::asio::async_initiate<const async::asio::use_awaitable_t<async::Executor>, void(Answer)>(
      std::move(begin), async::use_task, std::move(request));
}

void Client::send_and_forget(Request request) { engine_->add(std::move(request), nullptr); }

std::optional<std::string_view> Response::header(std::string_view name) const {
  for (const auto& field : headers) {
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  constexpr std::string_view as_it_is = "-._~";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       as_it_is.find(c) != as_it_is.npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

}  // namespace coatcheck::warehouse::upstream
