#include "http/request_parser.hpp"

#include <boost/beast/http/error.hpp>

namespace coatcheck::http {

namespace {

constexpr std::size_t fields_max = 128;
constexpr std::size_t chunk_extension_bytes_max = 1024;

}  // namespace

RequestParser::RequestParser(std::size_t header_bytes_max) {
  header_limit(static_cast<std::uint32_t>(header_bytes_max));
  body_limit(boost::none);  // The limit is the route's, known only after the head: body_bytes_max().
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
  if (extensions.size() > chunk_extension_bytes_max) error = boost::beast::http::error::bad_chunk_extension;
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
