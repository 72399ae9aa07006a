#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"

namespace coatcheck::warehouse::upstream {

struct Header {
  std::string name;
  std::string value;
};

// One exchange of HTTP. Whatever is in `url`, `headers` and `body` is never logged and never part of an error.
struct Request {
  std::string method = "GET";
  std::string url;  // http or https.
  std::vector<Header> headers = {};
  std::string body = {};
  // Counted after decompression. A longer body ends the exchange with `too_large`.
  std::size_t response_bytes_max = std::size_t{64} << 20;
  // When all of it must be over; ClientOptions::request_timeout from now if it is not set.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  // How many redirects (3xx with Location) are followed; the last answer counts. Authorization and Cookie
  // do not follow to another host.
  int redirects_max = 0;
  // Whether it does no harm if the server gets the request twice. By default that depends on the method (RFC 9110,
  // section 9.2.2: all but POST, PATCH and unknown ones). Then a connection that was kept is used, and if that breaks
  // before any byte of an answer, the request is sent again. What is not repeatable is sent once, on a new connection,
  // and follows no redirect.
  std::optional<bool> repeatable = {};
};

// An answer of any status.
struct Response {
  int status = 0;
  std::vector<Header> headers = {};  // Names in lower case, in order of arrival.
  std::string body = {};             // Decompressed.

  // Returns the value of the first field of this name (lower case), or nothing.
  std::optional<std::string_view> header(std::string_view name) const;
};

// Why there is no answer.
struct TransportError {
  enum class Kind {
    invalid,      // It cannot be sent: a URL, or a line break in a header.
    unreachable,  // No connection: name, address, proxy.
    untrusted,    // TLS: the certificate, or no common version.
    timeout,      // The deadline passed after the request may have left.
    broken,       // The connection or the answer broke off, or redirects have no end; the request may have arrived.
    too_large,    // The body or the headers of the answer are larger than allowed.
    canceled,     // The waiting coroutine was canceled, or the client is ending.
  };
  Kind kind = Kind::canceled;
  std::string message = "no outcome";  // In libcurl's words; names the host at most.
  // Some of it is known to have left by then, perhaps before a redirect or a second try.
  bool sent = false;

  // Whether the server cannot have seen the request, so that sending it again does nothing twice.
  bool never_arrived() const {
    return !sent && (kind == Kind::invalid || kind == Kind::unreachable || kind == Kind::untrusted);
  }
};

using Answer = Result<Response, TransportError>;

struct ClientOptions {
  // Certificates (PEM) to trust instead of the system's. Empty: the system's.
  std::filesystem::path ca_file = {};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds request_timeout{60'000};
  // To one host at a time; more requests wait for a free one. HTTP/2 carries many requests on one connection.
  long connections_max = 16;
  std::string user_agent = "coatcheck";
};

// Speaks HTTP to servers elsewhere, for connectors: HTTP/1.1, or HTTP/2 where a TLS server offers it; connections
// kept and used again; gzip and zstd; certificates always verified; proxies as the environment says (https_proxy,
// http_proxy, no_proxy), but never to this machine.
//
// One thread of its own runs libcurl: TLS and decompression stay off the loop, and no socket of libcurl's has to be
// shared with Asio, which watches descriptors in a way of its own. What that costs, two hand-offs between threads, is
// nothing beside a round trip.
class Client {
 public:
  explicit Client(ClientOptions options);
  // Exchanges under way end as `canceled`. Those who wait for one must still be able to run, or never run again.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends the request and waits for the whole answer. Canceling the coroutine aborts the exchange and yields
  // `canceled`.
  async::Task<Answer> send(Request request);

  // The same without anybody who waits for the answer: for a request that is a courtesy. The client's end waits up to
  // a second for those that are still under way.
  void send_and_forget(Request request);

 private:
  class Engine;
  std::shared_ptr<Engine> engine_;
};

// Returns `text` with all but unreserved characters (RFC 3986) as %XX: good in a path, a query, and Trino's headers.
std::string percent_encoded(std::string_view text);

}  // namespace coatcheck::warehouse::upstream
