#include "client/url.hpp"

#include <gtest/gtest.h>

namespace coatcheck::client {
namespace {

TEST(Server, loses_the_slash_at_its_end) {
  const auto server = checked_server("https://coat.example/base/");
  ASSERT_TRUE(server);
  EXPECT_EQ(*server, "https://coat.example/base");
}

TEST(Server, anything_but_an_http_address_is_refused) {
  for (const char* address : {"", "127.0.0.1:8420", "ftp://host", "http://", "http://:80", "http://host?x=1",
                              "http://host#x", "http://me:secret@host", "http://ho st", "http://host\r\nX: y"}) {
    EXPECT_FALSE(checked_server(address)) << address;
  }
}

TEST(Server, this_machine_is_recognized) {
  EXPECT_TRUE(is_loopback("http://127.0.0.1:8420"));
  EXPECT_TRUE(is_loopback("http://localhost"));
  EXPECT_TRUE(is_loopback("http://[::1]:8420/x"));
  EXPECT_FALSE(is_loopback("http://localhost.example:8420"));
  EXPECT_FALSE(is_loopback("http://10.0.0.1"));
}

TEST(Url, an_id_cannot_lead_elsewhere) {
  EXPECT_EQ(query_path("../../metrics?x", "/result"), "/v1/queries/..%2F..%2Fmetrics%3Fx/result");
}

TEST(Url, parameters_are_encoded_and_empty_ones_left_out) {
  EXPECT_EQ(with_parameters("/v1/queries", {{"status", "RUNNING,QUEUED"}, {"warehouse", ""}, {"query_tag", "a b&c=ü"}}),
            "/v1/queries?status=RUNNING%2CQUEUED&query_tag=a%20b%26c%3D%C3%BC");
  EXPECT_EQ(with_parameters("/x", {}), "/x");
}

}  // namespace
}  // namespace coatcheck::client
