#include "http/response_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "http/field_text.hpp"
#include "http/problem.hpp"

namespace coatcheck::http {

namespace {

bool is_ours(std::string_view name) {
  switch (name.size()) {
    case 4: return equal_without_case(name, "Date");
    case 10: return equal_without_case(name, "Connection");
    case 14: return equal_without_case(name, "Content-Length");
    case 17: return equal_without_case(name, "Transfer-Encoding");
    default: return false;
  }
}

bool is_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

int append_head(std::string& out, int status, const std::vector<Field>& fields, const Framing& framing,
                std::string_view date_line) {
  int left_out = 0;
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status, reason(status));
  }
  out += date_line;
  for (const Field& field : fields) {
    if (!is_token(field.name) || !is_value(field.value) || is_ours(field.name)) {
      ++left_out;
      continue;
    }
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
  if (framing.content_length) {
    out += "Content-Length: ";
    const fmt::format_int length(*framing.content_length);
    out.append(length.data(), length.size());
    out += "\r\n";
  } else if (framing.chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (framing.close) {
    out += "Connection: close\r\n";
  } else if (framing.say_keep_alive) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return left_out;
}

std::string date_line(std::time_t now) {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("Date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\n", days[static_cast<std::size_t>(utc.tm_wday)],
                     utc.tm_mday, months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace coatcheck::http
