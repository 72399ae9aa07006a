#include <fmt/format.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include "http/session.hpp"

namespace coatcheck::http {

namespace asio = async::asio;
using async::as_outcome;
using async::Task;
using async::use_task;

namespace {

// What one connection may send before the others get a turn, if its client takes everything at once.
constexpr std::uint64_t turn_bytes = 4 * 1024 * 1024;
constexpr int turn_pieces = 16;
constexpr std::uint64_t tls_turn_bytes = 512 * 1024;  // Encrypting them takes as long as handing 4 MiB to the kernel.
constexpr std::uint64_t sendfile_bytes = 512 * 1024;
constexpr std::size_t head_capacity_kept = 1024;

std::uint64_t length_of(const std::vector<Segment>& segments) {
  std::uint64_t bytes = 0;
  for (const Segment& segment : segments) {
    const auto* text = std::get_if<std::string>(&segment);
    bytes += text != nullptr ? text->size() : std::get<FileSlice>(segment).bytes;
  }
  return bytes;
}

}  // namespace

Task<bool> Session::send(Response response) {
  phase_ = Phase::writing;
  deadline_ = async::Timer::time_point::max();
  if (auto* none = std::get_if<std::unique_ptr<BodySource>>(&response.body); none != nullptr && !*none) {
    response.body = std::string();
  }
  const int status = response.status;
  const bool has_body = status >= 200 && status != 204 && status != 304;
  auto* text = std::get_if<std::string>(&response.body);
  auto* segments = std::get_if<std::vector<Segment>>(&response.body);
  auto* source = std::get_if<std::unique_ptr<BodySource>>(&response.body);

  if (shared_->draining) exchange_.keep_alive = false;
  Framing framing;
  if (has_body) {
    if (text != nullptr) framing.content_length = text->size();
    if (segments != nullptr) framing.content_length = length_of(*segments);
    if (source != nullptr) {
      framing.chunked = !exchange_.old;
      if (exchange_.old) exchange_.keep_alive = false;
    }
  }
  framing.close = !exchange_.keep_alive;
  framing.say_keep_alive = exchange_.old && exchange_.keep_alive;

  out_head_.clear();
  const int left_out = append_head(out_head_, status, response.fields, framing, shared_->date_line);
  if (left_out != 0 && shared_->log) {
    shared_->log("field_dropped", fmt::format("{} of the fields of a {} response", left_out, status));
  }
  if (status >= 100 && status < 600) ++shared_->counters.responses_by_class[static_cast<std::size_t>(status / 100)];

  const bool body_follows = has_body && !exchange_.head_only;
  if (body_follows && text != nullptr) out_body_ = std::move(*text);
  flush(body_follows && segments != nullptr && !segments->empty());
  if (body_follows && source != nullptr) co_return co_await send_source(std::move(*source));
  if (flushing_ && !co_await flushed()) co_return false;
  if (body_follows && segments != nullptr && !failed_) co_return co_await send_segments(std::move(*segments));
  co_return !failed_;
}

Task<bool> Session::send_segments(std::vector<Segment> segments) {
  for (std::size_t i = 0; i != segments.size(); ++i) {
    if (auto* text = std::get_if<std::string>(&segments[i])) {
      out_body_ = std::move(*text);
      flush(i + 1 != segments.size());
      if (flushing_ && !co_await flushed()) co_return false;
      if (failed_) co_return false;
    } else {
      auto sending = send_file(std::move(std::get<FileSlice>(segments[i])));
      if (!co_await std::move(sending)) co_return false;
    }
  }
  co_return true;
}

Task<bool> Session::send_file(FileSlice slice) {
  auto offset = static_cast<off_t>(slice.offset);
  std::uint64_t left = slice.bytes;
  std::uint64_t in_turn = 0;
  while (left != 0) {
    const auto wanted = static_cast<std::size_t>(std::min(left, sendfile_bytes));
    const ssize_t sent = tls_ ? tls_->send_file(slice.descriptor, offset, wanted)
                              : ::sendfile(socket_.native_handle(), slice.descriptor, &offset, wanted);
    if (sent > 0) {
      left -= static_cast<std::uint64_t>(sent);
      in_turn += static_cast<std::uint64_t>(sent);
      taken_ += static_cast<std::uint64_t>(sent);
      shared_->counters.bytes_out += static_cast<std::uint64_t>(sent);
      if (in_turn < (tls_ ? tls_turn_bytes : turn_bytes)) continue;
      in_turn = 0;
      co_await asio::post(socket_.get_executor(), use_task);
      if (failed_) co_return false;
    } else if (sent < 0 && errno == EINTR) {
      continue;
    } else if (sent < 0 && errno == EAGAIN) {
      wait_for_client();
      const auto [error] = co_await socket_.async_wait(Socket::wait_write, as_outcome);
      in_turn = 0;
      if (error || failed_ || !client_keeps_up()) co_return false;
    } else if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
      co_return false;
    } else {
      body_broke(sent == 0 ? "a file is shorter than was promised" : std::generic_category().message(errno));
      co_return false;
    }
  }
  co_return true;
}

Task<bool> Session::send_source(std::unique_ptr<BodySource> source) {
  const bool waits = route_ != nullptr && route_->waits;
  for (int pieces = 1;; ++pieces) {
    if (failed_) co_return false;
    Result<std::string> piece;
    std::exception_ptr failure;
    source_runs_ = true;
    watched_ = waits;
    watch();
    auto next = source->next();
    try {
      piece = co_await std::move(next);
    } catch (...) {
      failure = std::current_exception();
    }
    source_runs_ = false;
    watched_ = false;
    if (failed_) co_return false;
    // One piece ahead and no more: the source waits while the client does not read.
    if (flushing_ && !co_await flushed()) co_return false;
    if (failure || !piece) {
      body_broke(failure ? "the source of a body threw" : piece.error().message);
      co_return false;
    }
    if (piece->empty()) break;
    if (!exchange_.old) {
      out_head_ = fmt::format("{:x}\r\n", piece->size());
      out_tail_ = "\r\n";
    }
    out_body_ = *std::move(piece);
    flush(false);
    if (pieces % turn_pieces == 0) co_await asio::post(socket_.get_executor(), use_task);
  }
  if (!exchange_.old) {
    out_head_ = "0\r\n\r\n";
    flush(false);
  }
  co_return co_await flushed();
}

// Cuts a response off so that the client can tell: no final chunk, or a reset where the end is the connection's.
void Session::body_broke(std::string_view detail) {
  ++shared_->counters.bodies_cut;
  if (shared_->log) shared_->log("body_failed", detail);
  failed_ = true;
  close(exchange_.old);
}

Task<bool> Session::flushed() {
  while (flushing_) {
    [[maybe_unused]] const auto [error] = co_await flush_ended_.async_wait(as_outcome);
  }
  co_return !failed_;
}

// Writes what out_head_, out_body_ and out_tail_ hold: at once what the socket takes, the rest in the background
// (flushing_), while they must stay.
void Session::flush(bool more_follows) {
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more_follows ? MSG_MORE : 0);
  while (!failed_) {
    std::array<iovec, 3> parts{};
    std::size_t count = 0;
    std::size_t skip = sent_;
    for (const std::string_view part : {std::string_view(out_head_), std::string_view(out_body_), out_tail_}) {
      const std::size_t skipped = std::min(skip, part.size());
      skip -= skipped;
      if (skipped == part.size()) continue;
      parts[count++] = {.iov_base = const_cast<char*>(part.data() + skipped), .iov_len = part.size() - skipped};
    }
    if (count == 0) break;
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t sent =
        tls_ ? tls_->write({parts.data(), count}) : ::sendmsg(socket_.native_handle(), &message, flags);
    if (sent >= 0) {
      sent_ += static_cast<std::size_t>(sent);
      taken_ += static_cast<std::uint64_t>(sent);
      shared_->counters.bytes_out += static_cast<std::uint64_t>(sent);
    } else if (errno == EAGAIN) {
      flushing_ = true;
      wait_for_client();
      socket_.async_wait(Socket::wait_write, [self = shared_from_this(), more_follows](const auto& error) {
        if (error) {
          self->broken();
        } else if (self->client_keeps_up()) {
          self->flush(more_follows);
        }
      });
      return;
    } else if (errno != EINTR) {
      broken();
      return;
    }
  }
  out_head_.clear();
  if (out_head_.capacity() > head_capacity_kept) out_head_.shrink_to_fit();
  out_body_ = {};
  out_tail_ = {};
  sent_ = 0;
  deadline_ = async::Timer::time_point::max();
  flushing_ = false;
  flush_ended_.cancel();
}

// One wait may last write_timeout; all together they are judged by write_rate_min.
void Session::wait_for_client() {
  deadline_ = shared_->now + shared_->limits.write_timeout;
  wait_began_ = shared_->now;
}

// After a wait. False: the client reads so slowly that it was cut. Only time in which the server had something to send
// and could not counts, so a source that is slow is not held against its client.
bool Session::client_keeps_up() {
  deadline_ = async::Timer::time_point::max();
  waited_ += shared_->now - wait_began_;
  if (waited_ < shared_->limits.write_timeout) return true;
  const double wanted =
      static_cast<double>(shared_->limits.write_rate_min) * std::chrono::duration<double>(waited_).count();
  const bool fast_enough = static_cast<double>(taken_) >= wanted;
  taken_ = 0;
  waited_ = {};
  if (!fast_enough) too_slow();
  return fast_enough;
}

void Session::too_slow() {
  ++shared_->counters.bodies_cut;
  failed_ = true;
  close(true);
  flushing_ = false;
  flush_ended_.cancel();
  if (source_runs_) cancel_.emit(asio::cancellation_type::terminal);
}

void Session::broken() {
  const bool news = !failed_;
  failed_ = true;
  flushing_ = false;
  flush_ended_.cancel();
  if (!news || !source_runs_) return;
  ++shared_->counters.clients_left;
  cancel_.emit(asio::cancellation_type::terminal);
}

}  // namespace coatcheck::http
