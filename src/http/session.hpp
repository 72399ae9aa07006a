#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "async/task.hpp"
#include "http/certificates.hpp"
#include "http/request_check.hpp"
#include "http/request_parser.hpp"
#include "http/response_head.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "http/socket.hpp"
#include "http/tls_channel.hpp"

namespace coatcheck::http {

class Session;

// What all sessions of a server share. Outlives them, and may outlive the Server.
struct Shared {
  Router router;
  Limits limits;
  Log log;
  const Certificates* certificates = nullptr;  // Null: no TLS.
  Counters counters;
  std::list<Session*> sessions;  // Those that are alive.
  std::size_t refusing = 0;      // How many of them only say 503.
  bool draining = false;
  std::function<void()> on_session_end;
  // As of the last tick.
  async::Timer::time_point now;
  std::string date_line;
};

// One connection. Kept alive by what its coroutine completes with, and by the operations that have its address.
//
// While a handler waits, a session is only itself and its frame: the buffer and the parser are let go. No request
// starts a timer: `deadline_` is looked at by the server's tick. With TLS, bytes go through `tls_`, which is asked as
// the socket would be; a session whose handshake is under way has no frame yet.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Shared> shared, Socket socket);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Starts it, with TLS if the server has it. With `refuse`, it answers 503 and closes, whatever is asked.
  void start(bool refuse);

  // The tick: ends what has taken too long.
  void check_deadline();
  // The server goes down: ends at once if idle, else after the request under way.
  void drain();
  // Ends now: cancels the handler or source, drops the connection.
  void cut();

 private:
  enum class Phase { handshake, idle, head, body, handling, writing, lingering };

  // Everything about the request under way that the response needs.
  struct Exchange {
    bool head_only = false;  // HEAD
    bool old = false;        // HTTP/1.0
    bool keep_alive = false;
    bool waits = false;
  };

  // What is to be done with the connection, which the handshake decides.
  enum class Course { serve, say_full, say_plain, linger };

  // The handshake; goes on by itself, then begins.
  void shake_hands();
  void shook_never();
  void begin(Course course);
  async::Task<> follow(Course course);
  async::Task<> serve();
  void ended(const std::exception_ptr& failure);

  // Reading (session_read.cpp). False: the connection is to be closed, all that is to be said is said.
  async::Task<bool> read_head();
  async::Task<bool> read_body();
  async::Task<std::tuple<boost::system::error_code, std::size_t>> read_some(async::asio::mutable_buffer into);
  template <class Handler>
  void read_tls(async::asio::mutable_buffer into, Handler handler, bool may_complete);
  async::asio::mutable_buffer space();
  bool took(const boost::system::error_code& error, std::size_t bytes);
  void release_buffer();
  void skip_empty_lines();
  std::optional<Refusal> check_head();
  // The answer to a request that has no route, or whose body its route does not take.
  std::optional<Response> find_route();
  // Answers with a problem and closes.
  async::Task<> refuse(int status, std::string detail);
  async::Task<> linger();

  async::Task<Response> begin_handling();
  void end_handling();
  Response handler_failed(std::string_view detail);

  // Writing (session_write.cpp). False: the connection is of no use any more.
  async::Task<bool> send(Response response);
  async::Task<bool> send_segments(std::vector<Segment> segments);
  async::Task<bool> send_file(FileSlice slice);
  async::Task<bool> send_source(std::unique_ptr<BodySource> source);
  async::Task<bool> flushed();
  void flush(bool more_follows);
  void wait_for_client();
  bool client_keeps_up();
  void too_slow();
  void broken();
  void body_broke(std::string_view detail);

  // Watching for the client's leaving, which cancels what is under way while `watched_` is set.
  void watch();
  void look();

  void arm(Phase phase, std::chrono::milliseconds limit);
  void close(bool reset);

  std::shared_ptr<Shared> shared_;
  std::list<Session*>::iterator place_;
  Socket socket_;
  std::unique_ptr<TlsChannel> tls_;  // Null: the connection is in the clear.
  async::Timer flush_ended_;         // Canceled to wake flushed().
  async::asio::cancellation_signal cancel_;
  async::Timer::time_point deadline_ = async::Timer::time_point::max();
  std::string peer_;

  // Bytes read and not yet parsed are at [begin_, end_) of the buffer.
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::unique_ptr<RequestParser> parser_;
  const Route* route_ = nullptr;
  Exchange exchange_;

  // What is being written: head, then body, then tail, of which `sent_` bytes are gone.
  std::string out_head_;
  std::string out_body_;
  std::string_view out_tail_;
  std::size_t sent_ = 0;
  bool flushing_ = false;
  // How fast the client reads: what it took, and how long it let the server wait, since that was last judged.
  std::uint64_t taken_ = 0;
  async::Timer::duration waited_{0};
  async::Timer::time_point wait_began_;

  Phase phase_ = Phase::idle;
  std::uint32_t turn_ = 0;  // Counts handlings, so that a late look knows its own.
  bool refusing_ = false;
  bool failed_ = false;  // The connection is broken or was cut.
  bool overdue_ = false;
  bool source_runs_ = false;    // A body's next piece is being made.
  bool watched_ = false;        // The client's leaving cancels what is under way.
  bool watch_pending_ = false;  // The wait for the socket is out.
};

}  // namespace coatcheck::http
