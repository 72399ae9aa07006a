#include "http/request_check.hpp"

#include <gtest/gtest.h>

#include <string>

namespace coatcheck::http {
namespace {

int status(const std::vector<Field>& fields, std::string_view target = "/", std::string_view method = "GET",
           int version = 11, bool folded = false) {
  const auto refusal =
      check({.method = method, .target = target, .version = version, .fields = &fields, .folded = folded});
  return refusal ? refusal->status : 0;
}

TEST(RequestCheck, wants_exactly_one_host) {
  EXPECT_EQ(status({{"Host", "a"}}), 0);
  EXPECT_EQ(status({}), 400);
  EXPECT_EQ(status({}, "/", "GET", 10), 0);
  EXPECT_EQ(status({{"Host", "a"}, {"hOST", "a"}}), 400);
}

TEST(RequestCheck, wants_a_host_that_is_one) {
  for (const char* host : {"example.com", "a:80", "a:", "127.0.0.1:8080", "[::1]", "[::1]:80", "a_b", "x%41"}) {
    EXPECT_EQ(status({{"Host", host}}), 0) << host;
  }
  for (const char* host : {"", "a,b", "user@a", "a/b", "a b", "a:x", "a:123456", "[::1", "[]", "[zz::]", "a?b", "a#b",
                           ":80", "x%4", "[::1]80"}) {
    EXPECT_EQ(status({{"Host", host}}), 400) << host;
  }
}

TEST(RequestCheck, takes_no_transfer_coding_but_chunked) {
  EXPECT_EQ(status({{"Host", "a"}, {"Transfer-Encoding", "chunked"}}), 0);
  EXPECT_EQ(status({{"Host", "a"}, {"Transfer-Encoding", "Chunked"}}), 0);
  EXPECT_EQ(status({{"Host", "a"}, {"Transfer-Encoding", "gzip, chunked"}}), 501);
  for (const char* coding : {"", "gzip", "chunked, gzip", "xchunked", "chunked;a=b", "identity", "chunked,"}) {
    EXPECT_EQ(status({{"Host", "a"}, {"Transfer-Encoding", coding}}), 400) << coding;
  }
  EXPECT_EQ(status({{"Host", "a"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}), 400);
  EXPECT_EQ(status({{"Host", "a"}, {"Transfer-Encoding", "chunked"}}, "/", "POST", 10), 400);
}

TEST(RequestCheck, wants_one_length_and_no_other_framing) {
  EXPECT_EQ(status({{"Host", "a"}, {"Content-Length", "5"}}), 0);
  EXPECT_EQ(status({{"Host", "a"}, {"Content-Length", "5"}, {"Content-Length", "5"}}), 400);
  EXPECT_EQ(status({{"Host", "a"}, {"Content-Length", "5, 5"}}), 400);
  EXPECT_EQ(status({{"Host", "a"}, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}), 400);
}

TEST(RequestCheck, refuses_folded_lines) {
  EXPECT_EQ(status({{"Host", "a"}}, "/", "GET", 11, true), 400);
  EXPECT_EQ(status({{"Host", "a"}}, "/", "GET", 11, false), 0);
}

TEST(RequestCheck, knows_the_forms_of_a_target) {
  const std::vector<Field> fields = {{"Host", "a"}};
  for (const char* target :
       {"/", "/a/b?c=d&e=%20", "/a:b@c,d;e", "http://a/b", "http://a", "HTTPS://a:1/b?c", "/?a?/"}) {
    EXPECT_EQ(status(fields, target), 0) << target;
  }
  for (const char* target : {"*", "a", "?a", "/a#b", "/%", "/%4", "/%zz", "/a\"b", "/a\\b", "/\xC3\xA9", "ftp://a/",
                             "http://", "http://user@a/", "a:80", "/a<b", "/a|b"}) {
    EXPECT_EQ(status(fields, target), 400) << target;
  }
  EXPECT_EQ(status(fields, "*", "OPTIONS"), 0);
}

TEST(RequestCheck, refuses_methods_and_expectations_it_does_not_know) {
  EXPECT_EQ(status({{"Host", "a"}}, "a:443", "CONNECT"), 501);
  EXPECT_EQ(status({{"Host", "a"}}, "/", "CONNECT"), 0);  // For the table of routes to answer.
  EXPECT_EQ(status({{"Host", "a"}}, "/", "TRACE"), 0);
  EXPECT_EQ(status({{"Host", "a"}}, "/", "get"), 501);
  EXPECT_EQ(status({{"Host", "a"}, {"Expect", "100-Continue"}}), 0);
  EXPECT_EQ(status({{"Host", "a"}, {"Expect", "a miracle"}}), 417);
}

TEST(RequestCheck, splits_targets) {
  EXPECT_EQ(split_target("/a/b?c?d").path, "/a/b");
  EXPECT_EQ(split_target("/a/b?c?d").query, "c?d");
  EXPECT_EQ(split_target("http://host:1/a?b").path, "/a");
  EXPECT_EQ(split_target("http://host?b").path, "/");
  EXPECT_EQ(split_target("http://host?b").query, "b");
  EXPECT_EQ(split_target("*").path, "*");
}

}  // namespace
}  // namespace coatcheck::http
