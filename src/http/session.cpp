#include "http/session.hpp"

#include <sys/socket.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <exception>
#include <utility>

#include "http/problem.hpp"

namespace coatcheck::http {

namespace asio = async::asio;
using async::Task;

namespace {

std::string words_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "not a std::exception";
  }
}

}  // namespace

Session::Session(std::shared_ptr<Shared> shared, Socket socket)
    : shared_(std::move(shared)),
      place_(shared_->sessions.insert(shared_->sessions.end(), this)),
      socket_(std::move(socket)),
      flush_ended_(socket_.get_executor(), async::Timer::time_point::max()) {
  ++shared_->counters.connections_open;
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.native_non_blocking(true, ignored);
  const auto endpoint = socket_.remote_endpoint(ignored);
  peer_ = endpoint.address().to_string();
}

Session::~Session() {
  shared_->sessions.erase(place_);
  --shared_->counters.connections_open;
  if (refusing_) --shared_->refusing;
  if (shared_->on_session_end) shared_->on_session_end();
}

void Session::start(bool refuse) {
  if (refuse) {
    refusing_ = true;
    ++shared_->refusing;
  }
  if (shared_->certificates == nullptr) return begin(refusing_ ? Course::say_full : Course::serve);
  SSL* connection = shared_->certificates->new_connection();
  if (connection == nullptr) return;  // The connection ends with this session: nothing holds it.
  tls_ = std::make_unique<TlsChannel>(connection, socket_);
  arm(Phase::handshake, shared_->limits.header_timeout);
  shake_hands();
}

void Session::shake_hands() {
  switch (tls_->shake_hands()) {
    case TlsChannel::Shaken::yes: return begin(refusing_ ? Course::say_full : Course::serve);
    case TlsChannel::Shaken::never: return shook_never();
    case TlsChannel::Shaken::not_yet: break;
  }
  if (shared_->draining) return;  // The connection ends with this session: nothing holds it.
  socket_.async_wait(tls_->awaits(), [self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->overdue_) return self->shake_hands();
    ++self->shared_->counters.handshakes_failed;
    if (self->shared_->log && self->overdue_) self->shared_->log("handshake_failed", "it did not end in time");
  });
}

void Session::shook_never() {
  ++shared_->counters.handshakes_failed;
  if (shared_->log) shared_->log("handshake_failed", tls_->why_never());
  if (!tls_->is_plain_http()) return begin(Course::linger);  // OpenSSL has told the client why; it is to hear that.
  tls_.reset();
  begin(Course::say_plain);
}

void Session::begin(Course course) {
  // Keeps the session alive as long as its coroutine, which has no frame around it to do so: one less to wait in.
  auto ended = [self = shared_from_this()](const std::exception_ptr& failure) { self->ended(failure); };
  asio::co_spawn(socket_.get_executor(), follow(course),
                 asio::bind_cancellation_slot(cancel_.slot(), std::move(ended)));
}

void Session::ended(const std::exception_ptr& failure) {
  // A connection that broke or was cut may end by the exception of its cancellation: no news.
  if (failure && !failed_ && shared_->log) shared_->log("session_failed", words_of(failure));
  if (tls_ && !failure && !failed_) tls_->end();
  close(failure != nullptr);
}

// Not a coroutine: what waits has one frame less.
Task<> Session::follow(Course course) {
  switch (course) {
    case Course::serve: break;
    case Course::say_full: return refuse(503, "too many connections");
    case Course::say_plain: return refuse(400, "this port takes HTTPS, and this request came without TLS");
    case Course::linger: return linger();
  }
  return serve();
}

Task<> Session::serve() {
  for (;;) {
    if (!co_await read_head()) co_return;
    std::optional<Response> answer = find_route();
    if (!answer) {
      if (!co_await read_body()) co_return;
      std::exception_ptr failure;
      try {
        auto handling = begin_handling();
        answer = co_await std::move(handling);
      } catch (...) {
        failure = std::current_exception();
      }
      end_handling();
      if (failed_) co_return;
      if (failure) answer = handler_failed(words_of(failure));
    }
    // A body that nobody read is not worth reading: the connection ends instead.
    const bool whole = !parser_ || parser_->is_done();
    parser_.reset();
    if (!whole) exchange_.keep_alive = false;
    if (!co_await send(*std::move(answer))) co_return;
    if (!whole) co_await linger();
    if (!exchange_.keep_alive || shared_->draining) co_return;
  }
}

// Not coroutines, these two: the request lives in the handler's frame and nowhere else.
Task<Response> Session::begin_handling() {
  const std::unique_ptr<RequestParser> parser = std::move(parser_);
  Request& request = parser->request();
  phase_ = Phase::handling;
  deadline_ = async::Timer::time_point::max();
  if (route_->waits) {
    request.fields.shrink_to_fit();
    watched_ = true;
    // Looked after only when the handler has suspended, so that one that answers at once pays nothing for it.
    asio::post(socket_.get_executor(), [self = shared_from_this(), turn = turn_] {
      if (self->turn_ != turn) return;
      self->release_buffer();
      self->watch();
    });
  }
  return route_->handle(std::move(request));
}

void Session::end_handling() {
  ++turn_;
  watched_ = false;
}

Response Session::handler_failed(std::string_view detail) {
  ++shared_->counters.handler_failures;
  if (shared_->log) shared_->log("handler_failed", detail);
  return to_response({.status = 500, .title = std::string(reason(500))});
}

void Session::watch() {
  if (watch_pending_ || failed_ || !watched_) return;
  watch_pending_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    self->watch_pending_ = false;
    if (!error) self->look();
  });
}

void Session::look() {
  if (!watched_) return;
  char byte = 0;
  const ssize_t peeked = tls_ ? tls_->peek() : ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // With the next request already there, the client's leaving can no longer be seen behind it.
  if (peeked > 0) return;
  if (peeked < 0 && (errno == EAGAIN || errno == EINTR)) {
    // A client that wants TLS to answer, but does not read: there may be bytes which nobody takes until it does, so
    // waiting for bytes would not wait.
    if (tls_ && tls_->awaits() == Socket::wait_write) return;
    watch();
    return;
  }
  ++shared_->counters.clients_left;
  failed_ = true;
  cancel_.emit(asio::cancellation_type::terminal);
}

void Session::check_deadline() {
  if (deadline_ > shared_->now) return;
  const auto self = shared_from_this();  // Canceling may end the last of it at once.
  deadline_ = async::Timer::time_point::max();
  overdue_ = true;
  if (phase_ == Phase::writing) {
    ++shared_->counters.bodies_cut;
    cut();
    return;
  }
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Session::drain() {
  if (phase_ != Phase::handshake && phase_ != Phase::idle && phase_ != Phase::lingering) return;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Session::cut() {
  failed_ = true;
  close(true);
  cancel_.emit(asio::cancellation_type::terminal);
}

void Session::arm(Phase phase, std::chrono::milliseconds limit) {
  phase_ = phase;
  deadline_ = shared_->now + limit;
}

void Session::close(bool reset) {
  boost::system::error_code ignored;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace coatcheck::http
