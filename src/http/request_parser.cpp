#include "http/request_parser.hpp"

#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace coatcheck::http {

namespace {

constexpr std::size_t fields_max = 128;
constexpr std::size_t last_chunk_bytes = 5;  // 0 CRLF CRLF
constexpr std::size_t chunk_extension_bytes_max = 1024;

bool is_control(char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; }

}  // namespace

RequestParser::RequestParser(std::size_t header_bytes_max) {
  header_limit(static_cast<std::uint32_t>(header_bytes_max));
  body_limit(boost::none);  // The limit is the route's, known only after the head: body_bytes_max().
}

std::size_t RequestParser::put_head(boost::asio::const_buffer bytes, Code& error) {
  const std::size_t used = put(bytes, error);
  // A field is taken only when what follows its line is seen, so a fold is never at the seam of two calls; but what one
  // call has taken the next does not see.
  const Text taken(static_cast<const char*>(bytes.data()), used);
  folded_ = folded_ || taken.find("\n ") != Text::npos || taken.find("\n\t") != Text::npos;
  return used;
}

std::size_t RequestParser::put_body(boost::asio::const_buffer bytes, Code& error) {
  // Beast asserts that it is not asked again about a last chunk of which it has seen no more than "0" and the line's
  // end. Every chunked body that is not whole lacks at least a last chunk.
  if (chunked() && bytes.size() < last_chunk_bytes) {
    error = boost::beast::http::error::need_more;
    return 0;
  }
  eager(true);
  return put(bytes, error);
}

void RequestParser::on_request_impl(boost::beast::http::verb, Text method, Text target, int version, Code&) {
  method_.assign(method.data(), method.size());
  request_.target.assign(target.data(), target.size());
  request_.fields.reserve(8);
  version_ = version;
}

void RequestParser::on_field_impl(boost::beast::http::field, Text name, Text value, Code& error) {
  if (is_header_done()) return;
  if (request_.fields.size() == fields_max) {
    error = boost::beast::http::error::header_limit;
    return;
  }
  request_.fields.push_back({std::string(name.data(), name.size()), std::string(value.data(), value.size())});
}

void RequestParser::on_chunk_header_impl(std::uint64_t, Text extensions, Code& error) {
  // Within quotes Beast lets any byte through, and a bare LF there is the end of the line to another parser: two would
  // disagree on where the request ends (RFC 9110 5.6.4, RFC 9112 2.2).
  if (extensions.size() > chunk_extension_bytes_max || std::any_of(extensions.begin(), extensions.end(), is_control)) {
    error = boost::beast::http::error::bad_chunk_extension;
  }
}

std::size_t RequestParser::append(Text body, Code& error) {
  if (body.size() > body_bytes_max_ - request_.body.size()) {
    error = boost::beast::http::error::body_limit;
    return 0;
  }
  request_.body.append(body.data(), body.size());
  return body.size();
}

}  // namespace coatcheck::http
