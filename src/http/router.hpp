#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace coatcheck::http {

// Returns "GET", "DELETE", …; empty for Verb::other.
std::string_view to_string(Verb verb);
// Methods compare with case. Verb::other for one that no route can have.
Verb parse_verb(std::string_view method);
// Whether RFC 9110 or 5789 names the method, TRACE and CONNECT included: a path that exists answers those 405,
// and any other 501.
bool is_standard_method(std::string_view method);

// One line of the table of routes.
struct Route {
  Verb verb = Verb::get;
  std::string pattern = {};  // "/v1/queries/{id}/result": a {…} matches one segment, not empty; "//" is itself.
  std::function<async::Task<Response>(Request)> handle = {};
  std::size_t body_bytes_max = 0;  // 0: no body is expected; one that comes is 413.
  // The handler, or the source of the body it answers with, may be long in coming: watch the connection
  // meanwhile, and cancel when the client leaves. A client that only shuts down its sending side counts as gone.
  bool waits = false;
};

// The table: finds the handler of a request. Built once, then only read.
class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;       // Null: no such path, or not with this method.
    std::vector<std::string> captures;  // Percent-decoded.
    std::vector<Verb> allowed;          // Methods the path does have, if only the method is wrong.
  };
  // `path` is still percent-encoded. HEAD finds GET's route. A path with broken encoding where a route has
  // a capture matches nothing. Where both match, a literal segment beats a capture, whatever the method: the
  // leftmost segment in which two patterns differ decides.
  Match find(Verb verb, std::string_view path) const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> segments;  // Of the pattern.
  };

  std::vector<Entry> entries_;  // Of two patterns that match one path, the one that wins is first.
};

// The value of the Allow field for these methods. HEAD and OPTIONS are ours to add.
std::string allow_value(const std::vector<Verb>& allowed);

}  // namespace coatcheck::http
