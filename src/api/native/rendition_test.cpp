#include "api/native/rendition.hpp"

#include <gtest/gtest.h>

#include <string>

namespace coatcheck::api::native {
namespace {

http::Request get(std::string range, std::string if_range = "") {
  http::Request request;
  if (!range.empty()) request.fields.push_back({"Range", std::move(range)});
  if (!if_range.empty()) request.fields.push_back({"If-Range", std::move(if_range)});
  return request;
}

TEST(NeedsLength, head_and_ranges_of_bytes_do) {
  http::Request head;
  head.verb = http::Verb::head;
  EXPECT_TRUE(needs_length(head, "\"a\""));
  for (const char* range : {"bytes=0-0", "bytes=100-", "bytes=-8", "bytes=-0"}) {
    EXPECT_TRUE(needs_length(get(range), "\"a\"")) << range;
  }
}

TEST(NeedsLength, the_whole_and_what_is_not_understood_do_not) {
  for (const char* range : {"", "lines=1-2", "bytes=9-2", "bytes=0-1,5-6", "bytes=x"}) {
    EXPECT_FALSE(needs_length(get(range), "\"a\"")) << range;
  }
}

TEST(NeedsLength, a_range_of_another_document_does_not) {
  EXPECT_TRUE(needs_length(get("bytes=1-", "\"a\""), "\"a\""));
  EXPECT_FALSE(needs_length(get("bytes=1-", "\"b\""), "\"a\""));
  EXPECT_FALSE(needs_length(get("bytes=1-", "W/\"a\""), "\"a\""));
}

}  // namespace
}  // namespace coatcheck::api::native
