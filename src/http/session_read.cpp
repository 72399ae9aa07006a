#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http/field_text.hpp"
#include "http/problem.hpp"
#include "http/session.hpp"

namespace coatcheck::http {

namespace asio = async::asio;
using async::as_outcome;
using async::Task;
using Error = boost::beast::http::error;

namespace {

constexpr std::size_t buffer_bytes = 2048;
constexpr std::size_t body_buffer_bytes = 64 * 1024;
constexpr std::size_t linger_bytes_max = 1024 * 1024;
constexpr std::chrono::seconds linger_timeout{5};

Refusal refusal_of(const boost::system::error_code& error, bool has_first_line) {
  if (error == Error::header_limit && !has_first_line) return {414, "the request target is too long"};
  if (error == Error::header_limit) return {431, "the header is too large"};
  if (error == Error::body_limit) return {413, "the body is larger than this resource takes"};
  if (error == Error::bad_version) return {505, "the version of HTTP is neither 1.0 nor 1.1"};
  return {400, "this is not a well-formed HTTP request"};
}

}  // namespace

Task<bool> Session::read_head() {
  parser_ = std::make_unique<RequestParser>(shared_->limits.header_bytes_max);
  if (begin_ == end_ && capacity_ > buffer_bytes) release_buffer();
  arm(Phase::idle, shared_->limits.idle_timeout);
  for (;;) {
    skip_empty_lines();
    const bool half_a_line = !parser_->got_some() && end_ - begin_ == 1 && buffer_[begin_] == '\r';
    if (begin_ != end_ && !half_a_line) {
      boost::system::error_code error;
      begin_ += parser_->put_head(asio::const_buffer(&buffer_[begin_], end_ - begin_), error);
      if (error && error != Error::need_more) {
        const Refusal refusal = refusal_of(error, parser_->has_first_line());
        co_await refuse(refusal.status, std::string(refusal.detail));
        co_return false;
      }
      if (!error && parser_->is_header_done()) {
        const auto refusal = check_head();
        if (!refusal) co_return true;
        co_await refuse(refusal->status, std::string(refusal->detail));
        co_return false;
      }
      if (phase_ == Phase::idle) arm(Phase::head, shared_->limits.header_timeout);
    }
    if (shared_->draining && phase_ == Phase::idle) co_return false;
    const auto into = space();
    const auto [error, bytes] = co_await read_some(into);
    if (!took(error, bytes)) {
      if (overdue_ && phase_ == Phase::head) co_await refuse(408, "the header did not arrive in time");
      co_return false;
    }
  }
}

// Lines that some clients send after a body (RFC 9112 2.2). They are no beginning: the connection stays idle.
void Session::skip_empty_lines() {
  while (!parser_->got_some() && end_ - begin_ >= 2 && buffer_[begin_] == '\r' && buffer_[begin_ + 1] == '\n') {
    begin_ += 2;
  }
}

std::optional<Refusal> Session::check_head() {
  Request& request = parser_->request();
  const RequestHead head{.method = parser_->method(),
                         .target = request.target,
                         .version = parser_->version(),
                         .fields = &request.fields,
                         .folded = parser_->folded()};
  exchange_ = {.head_only = head.method == "HEAD",
               .old = head.version < 11,
               .keep_alive = parser_->keep_alive() && !shared_->draining};
  if (auto refusal = check(head)) return refusal;
  ++shared_->counters.requests_total;
  const TargetParts parts = split_target(request.target);
  request.verb = parse_verb(head.method);
  request.path = parts.path;
  request.query = parts.query;
  request.peer = peer_;
  request.over_tls = tls_ != nullptr;
  return std::nullopt;
}

std::optional<Response> Session::find_route() {
  Request& request = parser_->request();
  Router::Match match = shared_->router.find(request.verb, request.path);
  route_ = match.route;
  if (route_ != nullptr) {
    request.captures = std::move(match.captures);
    const bool too_long = parser_->chunked() ? route_->body_bytes_max == 0
                                             : parser_->content_length().value_or(0) > route_->body_bytes_max;
    if (!too_long) return std::nullopt;
    return to_response(
        {.status = 413, .title = std::string(reason(413)), .detail = "the body is larger than this resource takes"});
  }
  if (request.verb == Verb::options && (!match.allowed.empty() || request.path == "*")) {
    Response response;
    response.status = 204;
    response.fields.push_back({"Allow", allow_value(match.allowed)});
    return response;
  }
  if (!match.allowed.empty()) {
    return to_response({.status = 405, .title = std::string(reason(405))}, {{"Allow", allow_value(match.allowed)}});
  }
  return to_response({.status = 404, .title = std::string(reason(404)), .detail = "there is nothing at this path"});
}

Task<bool> Session::read_body() {
  if (parser_->is_done()) co_return true;
  arm(Phase::body, shared_->limits.body_timeout);
  if (begin_ == end_ && !exchange_.old && parser_->request().has("Expect")) {
    out_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    flush(false);
    if (flushing_ && !co_await flushed()) co_return false;
    if (failed_) co_return false;
    arm(Phase::body, shared_->limits.body_timeout);
  }
  parser_->body_bytes_max(route_->body_bytes_max);
  for (;;) {
    if (begin_ != end_) {
      boost::system::error_code error;
      begin_ += parser_->put_body(asio::const_buffer(&buffer_[begin_], end_ - begin_), error);
      if (!error && parser_->is_done()) co_return true;
      // Chunk framing that does not fit the buffer is nothing that a client needs.
      if (error == Error::need_more && end_ - begin_ >= body_buffer_bytes) error = Error::bad_chunk;
      if (error && error != Error::need_more) {
        const Refusal refusal = refusal_of(error, true);
        co_await refuse(refusal.status, std::string(refusal.detail));
        co_return false;
      }
    }
    const auto into = space();
    const auto [error, bytes] = co_await read_some(into);
    if (!took(error, bytes)) {
      if (overdue_) co_await refuse(408, "the body did not arrive in time");
      co_return false;
    }
  }
}

// As Socket::async_read_some. Not a coroutine, so that reading in the clear costs what it costs there.
Task<std::tuple<boost::system::error_code, std::size_t>> Session::read_some(asio::mutable_buffer into) {
  auto token = as_outcome;
  return asio::async_initiate<decltype(token), void(boost::system::error_code, std::size_t)>(
      [this, into](auto handler) {
        if (!tls_) {
          socket_.async_read_some(into, std::move(handler));
        } else {
          read_tls(into, std::move(handler), false);
        }
      },
      token);
}

// `may_complete`: the handler may be called from here, since it does not wait in its own initiation.
template <class Handler>
void Session::read_tls(asio::mutable_buffer into, Handler handler, bool may_complete) {
  const ssize_t got = tls_->read(into.data(), into.size());
  if (got < 0 && errno == EAGAIN) {
    socket_.async_wait(tls_->awaits(),
                       [this, into, handler = std::move(handler)](const boost::system::error_code& error) mutable {
                         if (!error) return read_tls(into, std::move(handler), true);
                         handler(error, 0);
                       });
    return;
  }
  boost::system::error_code error;
  if (got == 0) error = asio::error::eof;
  if (got < 0) error = asio::error::connection_reset;
  const std::size_t bytes = got < 0 ? 0 : static_cast<std::size_t>(got);
  if (may_complete) return handler(error, bytes);
  asio::post(socket_.get_executor(), [handler = std::move(handler), error, bytes]() mutable { handler(error, bytes); });
}

asio::mutable_buffer Session::space() {
  if (begin_ == end_) begin_ = end_ = 0;
  std::size_t wanted = buffer_bytes;
  if (phase_ == Phase::body) {
    wanted = static_cast<std::size_t>(std::clamp<std::uint64_t>(
        parser_->content_length_remaining().value_or(body_buffer_bytes), buffer_bytes, body_buffer_bytes));
  }
  if (end_ == capacity_ || capacity_ < wanted) {
    const std::size_t held = end_ - begin_;
    const std::size_t capacity = held < capacity_ && capacity_ >= wanted ? capacity_ : std::max(wanted, 2 * capacity_);
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (held != 0) std::memcpy(larger.get(), &buffer_[begin_], held);
    buffer_ = std::move(larger);
    capacity_ = capacity;
    begin_ = 0;
    end_ = held;
  }
  return {&buffer_[end_], capacity_ - end_};
}

bool Session::took(const boost::system::error_code& error, std::size_t bytes) {
  // What came just as the time was over came too late: nothing sets another deadline before the next phase.
  if (error || overdue_) return false;
  end_ += bytes;
  shared_->counters.bytes_in += bytes;
  return true;
}

void Session::release_buffer() {
  if (begin_ != end_) return;
  buffer_.reset();
  capacity_ = begin_ = end_ = 0;
}

Task<> Session::refuse(int status, std::string detail) {
  if (status != 503) ++shared_->counters.requests_total;
  exchange_.keep_alive = false;
  if (!parser_ || !parser_->is_header_done()) exchange_.head_only = false;
  parser_.reset();
  auto response = to_response({.status = status, .title = std::string(reason(status)), .detail = std::move(detail)});
  if (status == 503) response.fields.push_back({"Retry-After", "1"});
  if (!co_await send(std::move(response))) co_return;
  co_await linger();
}

// Closing with bytes unread would make the kernel reset the connection, and the client might lose the answer.
Task<> Session::linger() {
  if (shared_->draining) co_return;
  if (tls_) tls_->end();
  boost::system::error_code ended;
  socket_.shutdown(Socket::shutdown_send, ended);
  arm(Phase::lingering, linger_timeout);
  std::size_t dropped = 0;
  while (!ended && dropped < linger_bytes_max) {
    begin_ = end_ = 0;
    const auto into = space();
    const auto [error, bytes] = co_await socket_.async_read_some(into, as_outcome);
    ended = error;
    dropped += bytes;
  }
}

}  // namespace coatcheck::http
