#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace coatcheck::warehouse::upstream {

// A server on this machine that answers as the test says, over HTTP/1.1, on connections that stay open.
class ScriptedServer {
 public:
  struct Request {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers;  // Names in lower case.
    std::string body;
    int connection = 0;  // Counted from 0, in the order of their being accepted.
  };
  struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    enum class End { whole, nothing, half } end = End::whole;  // The last two close the connection.
  };
  // Called on a thread of each connection, so two may be called at once; it may block, but must return before the
  // server's end.
  using Handler = std::function<Response(const Request&)>;

  enum class Transport { plain, tls };
  explicit ScriptedServer(Handler handler, Transport transport = Transport::plain);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // "http://127.0.0.1:PORT" or "https://localhost:PORT", without a slash at its end.
  std::string url() const;

  // Every request so far, in the order of their arrival.
  std::vector<Request> requests() const;

  // The certificate of a TLS server, made for this run and good for "localhost", as PEM.
  const std::string& certificate() const;

  // Breaks every connection that is open now.
  void break_connections();

  // Refuses new connections from now on; those that are open stay.
  void stop_listening();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace coatcheck::warehouse::upstream
