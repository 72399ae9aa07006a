#include "api/snowflake_driver/chunk_address.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake_driver {
namespace {

const Timestamp now{std::chrono::hours(500'000)};
const std::string origin = "http://127.0.0.1:8420";

class ChunkAddress : public testing::Test {
 protected:
  // The request that a driver makes of an address.
  static http::Request request_for(const std::string& address) {
    http::Request request;
    const std::string target = address.substr(origin.size());
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    request.query = target.substr(question + 1);
    const std::string chunks = "/chunks/";
    const std::size_t at = request.path.find(chunks);
    const std::size_t id_at = std::string("/queries/").size();
    request.captures = {request.path.substr(id_at, at - id_at), request.path.substr(at + chunks.size())};
    return request;
  }

  snowflake::Signer signer = *snowflake::Signer::with_secret(std::string(32, 's'));
  ChunkAsked chunk{.id = make_query_id(now), .first = 1'000, .count = 131'072, .format = RowFormat::arrow};
};

TEST_F(ChunkAddress, says_what_was_asked) {
  const std::string address = ChunkAddresses(signer, origin, now).of(chunk);
  const auto read = read_chunk_address(request_for(address), signer, now);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, chunk);
}

TEST_F(ChunkAddress, works_until_it_expires) {
  const auto request = request_for(ChunkAddresses(signer, origin, now).of(chunk));
  EXPECT_TRUE(read_chunk_address(request, signer, now + chunk_address_lifetime));
  EXPECT_FALSE(read_chunk_address(request, signer, now + chunk_address_lifetime + std::chrono::seconds(1)));
}

TEST_F(ChunkAddress, is_worth_nothing_once_anything_of_it_is_changed) {
  const std::string address = ChunkAddresses(signer, origin, now).of(chunk);
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string other = address;
    other.replace(other.find(from), from.size(), to);
    return read_chunk_address(request_for(other), signer, now);
  };
  EXPECT_FALSE(changed("/1000-", "/0-"));
  EXPECT_FALSE(changed("-131072", "-131073"));
  EXPECT_FALSE(changed("format=arrow", "format=json"));
  EXPECT_FALSE(changed("expires=1", "expires=2"));
  EXPECT_FALSE(changed("signature=", "signature=A"));
  EXPECT_FALSE(changed("&signature=", "&was="));
  EXPECT_FALSE(changed(chunk.id.to_string(), make_query_id(now).to_string()));
}

TEST_F(ChunkAddress, of_another_server_is_worth_nothing) {
  const auto other = *snowflake::Signer::with_secret(std::string(32, 'o'));
  EXPECT_FALSE(read_chunk_address(request_for(ChunkAddresses(other, origin, now).of(chunk)), signer, now));
}

TEST_F(ChunkAddress, garbage_is_unknown) {
  for (const char* rows : {"", "-", "1-", "-1", "1-2-3", "a-b", "99999999999999999999-1"}) {
    http::Request request;
    request.captures = {chunk.id.to_string(), rows};
    EXPECT_FALSE(read_chunk_address(request, signer, now)) << rows;
  }
}

}  // namespace
}  // namespace coatcheck::api::snowflake_driver
