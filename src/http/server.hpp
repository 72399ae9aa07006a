#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/result.hpp"
#include "http/certificates.hpp"
#include "http/router.hpp"

namespace coatcheck::http {

// Times are kept by one tick of a second (less if a limit is short), so an end may come a tick late.
struct Limits {
  std::size_t connections_max = 10'000;  // Further ones are answered 503 and closed.
  std::size_t header_bytes_max = 32 * 1024;
  // From a request's first byte to the end of its head; and for a TLS handshake.
  std::chrono::milliseconds header_timeout = std::chrono::seconds(15);
  std::chrono::milliseconds body_timeout = std::chrono::seconds(30);  // For a whole body to arrive.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);  // Between requests.
  std::chrono::milliseconds write_timeout =
      std::chrono::seconds(60);  // For the client to take any piece of a response.
  // Bytes a second that the client must take on average of every write_timeout in which it lets the server wait.
  std::uint64_t write_rate_min = 1024;
};

// What has happened since the start; connections_open is what is.
struct Counters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t connections_refused = 0;                 // By connections_max.
  std::uint64_t requests_total = 0;                      // Whole heads read, and those refused.
  std::array<std::uint64_t, 6> responses_by_class = {};  // [2] counts 2xx.
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t handler_failures = 0;   // Exceptions, answered 500.
  std::uint64_t bodies_cut = 0;         // Responses that broke off: their source failed or the client was too slow.
  std::uint64_t handshakes_failed = 0;  // TLS connections that never came to be.
  std::uint64_t clients_left = 0;       // Clients that went away while a handler or source was at work.
};

// Told of what nobody else can be told, on the loop's thread: must not throw. Events: "handler_failed" (a
// mistake: detail is the exception's), "session_failed" (a mistake of this room: an exception ended a connection),
// "body_failed", "field_dropped" (a mistake), "accept_failed", "handshake_failed" (of TLS; anybody can cause it).
using Log = std::function<void(std::string_view event, std::string_view detail)>;

// Serves HTTP/1.1 on one address, through TLS if it is given certificates; a GET, HEAD, POST or PUT that comes without
// it is then answered 400. Loop thread only.
//
// co_await drain() before it dies, if it ever listened. Handlers are called and resumed on the loop's thread, and
// must not block it; what they refer to must live until drain() has returned.
class Server {
 public:
  // `certificates` must outlive it; they may be refreshed while it serves.
  Server(async::Loop& loop, Router router, Limits limits, Log log = {}, const Certificates* certificates = nullptr);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Binds and begins to accept. Port 0 takes a free one; returns the port taken.
  Result<std::uint16_t> listen(std::string address, std::uint16_t port);

  // Stops accepting, closes idle connections, lets each request under way end and its connection close.
  // Connections that have not ended by `deadline` are cut and their handlers canceled. Returns when none is left.
  async::Task<> drain(async::Timer::time_point deadline);

  const Counters& counters() const;

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

}  // namespace coatcheck::http
