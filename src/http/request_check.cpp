#include "http/request_check.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "http/field_text.hpp"
#include "http/router.hpp"

namespace coatcheck::http {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Whether `text` has only unreserved characters, sub-delims, whole %XX, and those of `more` (RFC 3986).
bool has_only(std::string_view text, std::string_view more) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c) || is_digit(c)) continue;
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (std::string_view("-._~!$&'()*+;=").find(c) == std::string_view::npos &&
               more.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// uri-host [ ":" port ]. A comma is refused though a name could have one: it is how two Hosts look when joined.
bool is_host(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view address = text.substr(1, end - 1);
    if (!std::all_of(address.begin(), address.end(), [](char c) { return is_hex(c) || c == ':' || c == '.'; })) {
      return false;
    }
    port = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    if (text.substr(0, colon).empty() || !has_only(text.substr(0, colon), "")) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  return port[0] == ':' && port.size() <= 6 && std::all_of(port.begin() + 1, port.end(), is_digit);
}

// The authority of an absolute-form target, and what follows it; none for another scheme.
std::optional<std::pair<std::string_view, std::string_view>> split_absolute(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !equal_without_case(target.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = target.substr(scheme.size());
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    return std::pair{rest.substr(0, end), rest.substr(end)};
  }
  return std::nullopt;
}

bool is_target(std::string_view method, std::string_view target) {
  constexpr std::string_view path_and_query = ":@,/?";
  if (target == "*") return method == "OPTIONS";
  if (target.starts_with('/')) return has_only(target, path_and_query);
  const auto absolute = split_absolute(target);
  return absolute && is_host(absolute->first) && has_only(absolute->second, path_and_query);
}

std::optional<Refusal> check_framing(const RequestHead& head, const Field* coding, int codings, const Field* length,
                                     int lengths) {
  if (lengths > 1 || (length != nullptr && !std::all_of(length->value.begin(), length->value.end(), is_digit))) {
    return Refusal{400, "Content-Length is not one number"};
  }
  if (coding == nullptr) return std::nullopt;
  if (head.version < 11) return Refusal{400, "Transfer-Encoding needs HTTP/1.1"};
  if (length != nullptr) return Refusal{400, "both Transfer-Encoding and Content-Length"};
  if (codings > 1) return Refusal{400, "more than one Transfer-Encoding"};
  if (equal_without_case(coding->value, "chunked")) return std::nullopt;
  const auto last = trim(std::string_view(coding->value).substr(coding->value.rfind(',') + 1));
  if (coding->value.find(',') != std::string::npos && equal_without_case(last, "chunked")) {
    return Refusal{501, "the only transfer coding is chunked"};
  }
  return Refusal{400, "Transfer-Encoding does not end in chunked"};
}

}  // namespace

std::optional<Refusal> check(const RequestHead& head) {
  if (head.folded) return Refusal{400, "a header line is folded"};
  int hosts = 0;
  int codings = 0;
  int lengths = 0;
  const Field* host = nullptr;
  const Field* coding = nullptr;
  const Field* length = nullptr;
  for (const Field& field : *head.fields) {
    switch (field.name.size()) {
      case 4:
        if (equal_without_case(field.name, "Host")) host = &field, ++hosts;
        break;
      case 6:
        if (equal_without_case(field.name, "Expect") && !equal_without_case(field.value, "100-continue")) {
          return Refusal{417, "the only expectation is 100-continue"};
        }
        break;
      case 14:
        if (equal_without_case(field.name, "Content-Length")) length = &field, ++lengths;
        break;
      case 17:
        if (equal_without_case(field.name, "Transfer-Encoding")) coding = &field, ++codings;
        break;
      default: break;
    }
  }
  if (auto refusal = check_framing(head, coding, codings, length, lengths)) return refusal;
  if (hosts > 1) return Refusal{400, "more than one Host"};
  if (hosts == 0 && head.version >= 11) return Refusal{400, "no Host"};
  if (host != nullptr && !is_host(host->value)) return Refusal{400, "Host is not a host"};
  if (!is_standard_method(head.method)) return Refusal{501, "no such method here"};
  if (head.method == "CONNECT" && !head.target.starts_with('/')) return Refusal{501, "this is no proxy"};
  if (!is_target(head.method, head.target)) return Refusal{400, "the request target is malformed"};
  return std::nullopt;
}

TargetParts split_target(std::string_view target) {
  if (!target.starts_with('/')) {
    if (const auto absolute = split_absolute(target)) target = absolute->second;
  }
  const auto question = target.find('?');
  TargetParts parts{.path = target.substr(0, question), .query = {}};
  if (question != std::string_view::npos) parts.query = target.substr(question + 1);
  if (parts.path.empty()) parts.path = "/";
  return parts;
}

}  // namespace coatcheck::http
