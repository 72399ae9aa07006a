#include "http/server.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cassert>
#include <ctime>
#include <exception>
#include <utility>
#include <vector>

#include "http/session.hpp"

namespace coatcheck::http {

namespace asio = async::asio;
using async::as_outcome;
using async::Task;
using async::Timer;

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, async::Executor>;

// Connections too many that may wait for their 503 to be read; any more are dropped at once.
constexpr std::size_t refusing_max = 64;
constexpr std::chrono::milliseconds accept_pause{100};

std::chrono::milliseconds tick_of(const Limits& limits) {
  const auto shortest =
      std::min({limits.header_timeout, limits.body_timeout, limits.idle_timeout, limits.write_timeout});
  return std::clamp<std::chrono::milliseconds>(shortest / 4, std::chrono::milliseconds(10), std::chrono::seconds(1));
}

std::vector<std::shared_ptr<Session>> all(const Shared& shared) {
  std::vector<std::shared_ptr<Session>> sessions;
  sessions.reserve(shared.sessions.size());
  for (Session* session : shared.sessions) sessions.push_back(session->shared_from_this());
  return sessions;
}

}  // namespace

struct Server::Inside : std::enable_shared_from_this<Server::Inside> {
  Inside(async::Loop& loop, Router router, Limits limits, Log log, const Certificates* certificates)
      : shared(std::make_shared<Shared>()),
        acceptor(loop.get_executor()),
        ticks(loop.get_executor()),
        pause(loop.get_executor()),
        changed(loop.get_executor()) {
    shared->router = std::move(router);
    shared->limits = limits;
    shared->log = std::move(log);
    shared->certificates = certificates;
    shared->now = Timer::clock_type::now();
    shared->date_line = date_line(std::time(nullptr));
  }

  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);
  static Task<> accept(std::shared_ptr<Inside> self);
  void admit(Socket socket);
  void tick();
  void stop();
  void stop_ticking();

  std::shared_ptr<Shared> shared;
  Acceptor acceptor;
  Timer ticks;
  Timer pause;    // After an accept that failed.
  Timer changed;  // Canceled when a session or the accepting has ended, to wake drain().
  bool accepting = false;
  bool stopped = false;
};

Result<std::uint16_t> Server::Inside::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto where = asio::ip::make_address(address, error);
  if (error) return coatcheck::Error{Errc::invalid_argument, "not an address to listen on: '" + address + "'"};
  const asio::ip::tcp::endpoint endpoint(where, port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  const auto bound = error ? endpoint : acceptor.local_endpoint(error);
  if (error) {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    return io_error("listening on " + address + ":" + std::to_string(port), error.value());
  }
  shared->on_session_end = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->changed.cancel();
  };
  accepting = true;
  auto ended = [self = shared_from_this()](std::exception_ptr failure) {
    if (failure && self->shared->log) self->shared->log("accept_failed", "accepting has ended by an exception");
    self->accepting = false;
    self->changed.cancel();
  };
  asio::co_spawn(acceptor.get_executor(), accept(shared_from_this()), std::move(ended));
  tick();
  return bound.port();
}

Task<> Server::Inside::accept(std::shared_ptr<Inside> self) {
  bool told = false;
  while (self->acceptor.is_open()) {
    auto [error, socket] = co_await self->acceptor.async_accept(as_outcome);
    if (!error) {
      told = false;
      self->admit(std::move(socket));
      continue;
    }
    if (error == asio::error::operation_aborted || error == asio::error::connection_aborted) continue;
    // Most likely no descriptors are left. The connection stays in the backlog, so asking again at once would spin.
    if (!told && self->shared->log) self->shared->log("accept_failed", error.message());
    told = true;
    self->pause.expires_after(accept_pause);
    [[maybe_unused]] const auto [woken] = co_await self->pause.async_wait(as_outcome);
  }
}

void Server::Inside::admit(Socket socket) {
  ++shared->counters.connections_total;
  const bool refuse = shared->sessions.size() - shared->refusing >= shared->limits.connections_max;
  if (refuse) {
    ++shared->counters.connections_refused;
    if (shared->refusing >= refusing_max) return;
  }
  std::make_shared<Session>(shared, std::move(socket))->start(refuse);
}

void Server::Inside::tick() {
  if (stopped) return;
  shared->now = Timer::clock_type::now();
  shared->date_line = date_line(std::time(nullptr));
  for (auto place = shared->sessions.begin(); place != shared->sessions.end();) {
    // Ending a session takes it out of the list.
    Session& session = **place++;
    session.check_deadline();
  }
  ticks.expires_after(tick_of(shared->limits));
  ticks.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->tick();
  });
}

void Server::Inside::stop() {
  boost::system::error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
}

void Server::Inside::stop_ticking() {
  stopped = true;
  ticks.cancel();
}

Server::Server(async::Loop& loop, Router router, Limits limits, Log log, const Certificates* certificates)
    : inside_(std::make_shared<Inside>(loop, std::move(router), limits, std::move(log), certificates)) {}

Server::~Server() {
  assert(inside_->shared->sessions.empty() && "drain() a Server before it dies");
  inside_->stop();
  inside_->stop_ticking();
}

Result<std::uint16_t> Server::listen(std::string address, std::uint16_t port) { return inside_->listen(address, port); }

Task<> Server::drain(Timer::time_point deadline) {
  const auto inside = inside_;
  Shared& shared = *inside->shared;
  inside->stop();
  shared.draining = true;
  for (const auto& session : all(shared)) session->drain();
  bool late = false;
  while (inside->accepting || !shared.sessions.empty()) {
    inside->changed.expires_at(late ? Timer::time_point::max() : deadline);
    const auto [woken] = co_await inside->changed.async_wait(as_outcome);
    if (woken || late) continue;
    late = true;
    for (const auto& session : all(shared)) session->cut();
  }
  inside->stop_ticking();
}

const Counters& Server::counters() const { return inside_->shared->counters; }

}  // namespace coatcheck::http
