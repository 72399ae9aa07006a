#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace coatcheck::http {

// Beast's parser, filling a Request straight from the bytes. One per request; feed it with put_head(), and after that
// with put_body(). What they do not use must come again, with more behind it.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(std::size_t header_bytes_max);

  // As put(), to the end of the head and no further; keeps account of what put() is silent about.
  std::size_t put_head(boost::asio::const_buffer bytes, boost::beast::error_code& error);

  // Takes as much of the body as there is. need_more: not whole yet.
  std::size_t put_body(boost::asio::const_buffer bytes, boost::beast::error_code& error);

  // Whether the first line has come, however long the fields are.
  bool has_first_line() const { return !method_.empty(); }

  // From the end of the head on.
  const std::string& method() const { return method_; }
  int version() const { return version_; }
  bool folded() const { return folded_; }  // Some field went over more than one line (RFC 9112 5.2).
  Request& request() { return request_; }

  // The body may not be larger than this; put() fails with body_limit as soon as it is.
  void body_bytes_max(std::uint64_t bytes) { body_bytes_max_ = bytes; }

 private:
  using Code = boost::beast::error_code;
  using Text = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version, Code& error) override;
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(boost::beast::http::field field, Text name, Text value, Code& error) override;
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(Text body, Code& error) override { return append(body, error); }
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Code& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Code& error) override { return append(body, error); }
  void on_finish_impl(Code&) override {}

  std::size_t append(Text body, Code& error);

  Request request_;
  std::string method_;
  int version_ = 11;
  bool folded_ = false;
  std::uint64_t body_bytes_max_ = 0;
};

}  // namespace coatcheck::http
