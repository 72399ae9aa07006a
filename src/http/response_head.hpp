#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace coatcheck::http {

// How the end of a response's body is told.
struct Framing {
  std::optional<std::uint64_t> content_length = {};
  bool chunked = false;
  bool close = false;           // "Connection: close"
  bool say_keep_alive = false;  // For HTTP/1.0, where it has to be said.
};

// Appends status line, fields, framing and the empty line. `date_line` is a whole line.
// A field that is not a legal line of its own (CR, LF or NUL in it, a name that is no token), or that is ours
// to send (Content-Length, Transfer-Encoding, Connection, Date), is left out; returns how many were.
int append_head(std::string& out, int status, const std::vector<Field>& fields, const Framing& framing,
                std::string_view date_line);

// Returns "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".
std::string date_line(std::time_t now);

}  // namespace coatcheck::http
