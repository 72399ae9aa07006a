#include "http/request_coding.hpp"

#include <gtest/gtest.h>

#include "http/content_coding.hpp"

namespace coatcheck::http {
namespace {

std::string gzip(const std::string& text) {
  std::string out;
  const auto compressor = create_compressor(ContentCoding::gzip);
  compressor->append(text, out);
  compressor->finish(out);
  return out;
}

Request request_with(std::string coding, std::string body) {
  Request request;
  if (!coding.empty()) request.fields.push_back({"content-encoding", std::move(coding)});
  request.body = std::move(body);
  return request;
}

TEST(RequestCoding, inflates_what_is_said_to_be_gzip) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{16 * 1024}, std::size_t{1'000'000}}) {
    const std::string text(length, 'x');
    Request request = request_with("GZip", gzip(text));
    ASSERT_TRUE(decode_body(request, 1'000'000)) << length;
    EXPECT_EQ(request.body, text);
  }
}

TEST(RequestCoding, leaves_a_plain_body_as_it_is) {
  for (const char* coding : {"", "identity"}) {
    Request request = request_with(coding, "{}");
    ASSERT_TRUE(decode_body(request, 1));
    EXPECT_EQ(request.body, "{}");
  }
}

TEST(RequestCoding, stops_a_bomb_at_the_limit) {
  Request request = request_with("gzip", gzip(std::string(50'000'000, 'x')));
  const auto decoded = decode_body(request, 1'000'000);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Errc::resource_exhausted);
}

TEST(RequestCoding, refuses_what_is_no_gzip) {
  const std::string whole = gzip("hello");
  for (const std::string& body : {std::string(), std::string("{}"), whole.substr(0, whole.size() - 1), whole + "x"}) {
    Request request = request_with("gzip", body);
    const auto decoded = decode_body(request, 1'000'000);
    ASSERT_FALSE(decoded) << body.size();
    EXPECT_EQ(decoded.error().code, Errc::invalid_argument);
  }
}

TEST(RequestCoding, refuses_codings_that_it_does_not_know) {
  for (const char* coding : {"zstd", "gzip, gzip", "br"}) {
    Request request = request_with(coding, "{}");
    EXPECT_EQ(decode_body(request, 1'000).error().field, "Content-Encoding") << coding;
  }
}

}  // namespace
}  // namespace coatcheck::http
