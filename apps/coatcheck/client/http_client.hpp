#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/outcome.hpp"

namespace coatcheck::client {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";              // Path and parameters.
  std::vector<std::string> fields = {};  // "Name: value"
  std::optional<std::string> body = {};  // JSON.
  // Without a byte for so long, the connection counts as broken.
  std::chrono::seconds silence_max{120};
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> fields = {};  // Names in lower case.
  std::string body = {};

  // Returns the field's value, empty if there is none.
  std::string field(const std::string& name) const;
};

// For https. Paths of files in PEM, each may be empty.
struct TlsAccess {
  std::string ca_file = {};               // Who signs the server's certificate; empty: whom the system trusts.
  std::string certificate_file = {};      // The client's own, for a server that asks for one.
  std::string certificate_key_file = {};  // Empty: the key is in certificate_file.
};

// One connection to the server, kept between requests. Not for several threads.
class HttpClient {
 public:
  // Takes a piece of a body. An error ends the transfer and is what send() returns.
  using Sink = std::function<Outcome<void>(std::string_view)>;
  // Called about ten times a second while there is nothing else to do; `false` ends the transfer.
  using Tick = std::function<bool()>;

  // `server` as checked_server() returns it; `key` may be empty.
  HttpClient(std::string server, std::string key, TlsAccess tls = {});
  HttpClient(HttpClient&&) noexcept;
  ~HttpClient();

  // Sends the request and returns the answer, whatever its status. The body of a 200 goes to the sink, if there
  // is one; any other is kept, up to 64 MiB. A body that ends too early is trouble, never an answer. Ctrl-C ends
  // it with ExitCode::interrupted, a tick that says so with ExitCode::not_ended.
  Outcome<HttpResponse> send(const HttpRequest& request, const Sink& sink = {}, const Tick& tick = {});

  const std::string& server() const;

 private:
  struct Curl;
  std::unique_ptr<Curl> curl_;
};

}  // namespace coatcheck::client
