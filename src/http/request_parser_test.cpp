#include "http/request_parser.hpp"

#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <string>
#include <string_view>

namespace coatcheck::http {
namespace {

using Code = boost::system::error_code;

// Puts a head in two pieces, as two reads from a socket would bring it.
Code put_in_two(RequestParser& parser, const std::string& head, std::size_t first) {
  Code error;
  const std::size_t used = parser.put_head(boost::asio::const_buffer(head.data(), first), error);
  if (error != boost::beast::http::error::need_more) return error;
  parser.put_head(boost::asio::const_buffer(head.data() + used, head.size() - used), error);
  return error;
}

TEST(RequestParser, sees_a_fold_wherever_the_head_is_cut_in_two) {
  for (const char* fold : {"X: 1\r\n 2\r\n", "X: 1\r\n\t2\r\n", "X:\r\n 1\r\n", "X: 1\r\n \r\n"}) {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fold) + "Y: 3\r\n\r\n";
    for (std::size_t first = 1; first != head.size(); ++first) {
      RequestParser parser(8192);
      ASSERT_FALSE(put_in_two(parser, head, first)) << first;
      EXPECT_TRUE(parser.is_header_done() && parser.folded()) << fold << " cut at " << first;
    }
  }
}

TEST(RequestParser, refuses_a_head_that_ends_in_half_a_line) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\rX";
  RequestParser parser(8192);
  EXPECT_EQ(put_in_two(parser, head, head.size()), boost::beast::http::error::bad_line_ending);
}

TEST(RequestParser, takes_white_space_around_a_value_for_no_fold) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: \t 1 \t \r\nY:\r\n\r\n";
  for (std::size_t first = 1; first != head.size(); ++first) {
    RequestParser parser(8192);
    ASSERT_FALSE(put_in_two(parser, head, first)) << first;
    EXPECT_TRUE(parser.is_header_done() && !parser.folded()) << first;
    EXPECT_EQ(parser.request().field("X"), "1");
  }
}

Code put_chunk(std::string_view extension) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = "2" + std::string(extension) + "\r\nab\r\n0" + std::string(extension) + "\r\n\r\n";
  RequestParser parser(8192);
  Code error;
  parser.put_head(boost::asio::const_buffer(head.data(), head.size()), error);
  parser.body_bytes_max(10);
  if (!error) parser.put_body(boost::asio::const_buffer(body.data(), body.size()), error);
  return error;
}

TEST(RequestParser, takes_a_chunked_body_byte_by_byte) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body :
       {"0\r\n\r\n", "0\r\nX: 1\r\nY:\r\n\r\n", "2\r\nab\r\n0\r\n\r\n", "1\r\na\r\n1;x\r\nb\r\n00;y\r\nX: 1\r\n\r\n"}) {
    RequestParser parser(8192);
    Code error;
    parser.put_head(boost::asio::const_buffer(head.data(), head.size()), error);
    parser.body_bytes_max(10);
    const std::string_view all = body;
    std::string unused;
    for (const char byte : all) {
      ASSERT_FALSE(parser.is_done()) << all;
      unused += byte;
      const std::size_t used = parser.put_body(boost::asio::const_buffer(unused.data(), unused.size()), error);
      ASSERT_TRUE(!error || error == boost::beast::http::error::need_more) << all << error.message();
      unused.erase(0, used);
    }
    EXPECT_TRUE(parser.is_done() && unused.empty()) << all;
  }
}

TEST(RequestParser, takes_extensions_of_chunks_and_no_control_characters_in_them) {
  using namespace std::string_view_literals;
  for (const auto extension : {""sv, ";a"sv, ";a=b"sv, ";a=\"b;\tc\\\" \xE9\""sv, " ; a = b ;c"sv}) {
    EXPECT_FALSE(put_chunk(extension)) << extension;
  }
  for (const auto extension : {";a=\"\n\""sv, ";a=\"\r\""sv, ";a=\"\\\n\""sv, ";a=\"\0\""sv, ";a=\"\x7f\""sv}) {
    EXPECT_TRUE(put_chunk(extension)) << extension;
  }
}

TEST(RequestParser, tells_a_first_line_that_is_too_long_from_fields_that_are) {
  for (const bool in_first_line : {true, false}) {
    const std::string head = in_first_line ? "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n"
                                           : "GET / HTTP/1.1\r\nX: " + std::string(9000, 'a') + "\r\n\r\n";
    RequestParser parser(8192);
    EXPECT_EQ(put_in_two(parser, head, 100), boost::beast::http::error::header_limit);
    EXPECT_EQ(parser.has_first_line(), !in_first_line);
  }
}

}  // namespace
}  // namespace coatcheck::http
