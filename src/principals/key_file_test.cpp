#include "principals/key_file.hpp"

#include <gtest/gtest.h>

#include <string>

#include "principals/base64.hpp"
#include "principals/key_text.hpp"
#include "principals/testing/signing_key.hpp"

namespace coatcheck::principals {
namespace {

Key some_key(std::string id, std::optional<Timestamp> revoked = std::nullopt) {
  return {
      std::move(id), {"reports@example", Role::admin}, Timestamp(std::chrono::microseconds(1)), revoked, hash_key("x")};
}

constexpr const char* one_key = R"({"version":1,"keys":[{"id":"abcdefg2","principal":"a","role":"user",)"
                                R"("created":"2026-01-01T00:00:00Z","revoked":null,)"
                                R"("sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}]})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(KeyFile, what_is_written_is_read_back) {
  const std::vector<Key> keys = {some_key("abcdefg2"), some_key("abcdefg3", Timestamp(std::chrono::seconds(5)))};
  const auto read = read_key_file(write_key_file(keys));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, keys);
  const auto none = read_key_file(write_key_file({}));
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
}

TEST(KeyFile, the_known_form_is_read) {
  const auto read = read_key_file(one_key);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at(0).hash, hash_key("x"));
}

TEST(KeyFile, anything_else_is_corrupt) {
  const std::string good = one_key;
  for (const std::string& bad : {
           std::string(), std::string("[]"), good.substr(0, good.size() - 1), good + "x",
           with(good, "\"version\":1", "\"version\":3"), with(good, "\"version\":1", "\"version\":0"),
           with(good, "\"keys\":[", "\"keys\":7,\"k\":["), with(good, "abcdefg2", "ABCDEFG2"),
           with(good, "\"principal\":\"a\"", "\"principal\":\"a b\""), with(good, "\"user\"", "\"root\""),
           with(good, "2026-01-01", "2026-13-01"), with(good, "\"revoked\":null,", ""),
           with(good, "\"revoked\":null", "\"revoked\":false"), with(good, "2d71", "2D71"), with(good, "2d71", "2d7"),
           with(good, "}]}", "}," + good.substr(good.find("{\"id\""))),  // The same id twice.
       }) {
    const auto read = read_key_file(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, Errc::corrupt) << bad;
  }
}

Key some_public_key(std::string id) {
  Key key = some_key(std::move(id));
  key.public_key = *PublicKey::from_pem(testing::signing_key().public_pem());
  key.hash = key.public_key->hash();
  return key;
}

TEST(KeyFile, public_keys_are_read_back_from_a_file_of_version_2) {
  const std::vector<Key> keys = {some_key("abcdefg2"), some_public_key("abcdefg3")};
  const std::string text = write_key_file(keys);
  EXPECT_TRUE(text.starts_with("{\"version\":2,"));
  const auto read = read_key_file(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, keys);
}

TEST(KeyFile, a_file_without_public_keys_can_be_read_by_older_versions) {
  EXPECT_TRUE(write_key_file({some_key("abcdefg2")}).starts_with("{\"version\":1,"));
}

TEST(KeyFile, a_public_key_that_is_none_is_corrupt) {
  const std::string good = write_key_file({some_public_key("abcdefg3")});
  const std::string der = encode_base64(some_public_key("abcdefg3").public_key->der());
  for (const std::string& bad : {
           with(good, "\"version\":2", "\"version\":1"),  // There were none in version 1.
           with(good, der, der.substr(4)),
           with(good, der, ""),
           with(good, der, encode_base64("no key")),
           with(good, "\"" + der + "\"", "null"),
           with(good, "\"public_key\"", "\"sha256\":\"" + std::string(64, '0') + "\",\"public_key\""),
           with(good, "\"public_key\"", "\"publickey\""),
       }) {
    const auto read = read_key_file(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, Errc::corrupt) << bad;
  }
}

TEST(KeyText, has_its_form_and_differs_every_time) {
  const auto first = make_key_text();
  const auto second = make_key_text();
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(first->size(), key_text_length);
  const auto id = key_id(*first);
  ASSERT_TRUE(id);
  EXPECT_EQ(*first, "coat_" + std::string(*id) + "_" + first->substr(14));
}

TEST(KeyText, anything_else_has_no_id) {
  const std::string good = "coat_abcdefg2_" + std::string(43, 'A');
  ASSERT_EQ(key_id(good), "abcdefg2");
  for (const std::string& bad :
       {std::string(), good + "A", good.substr(1), with(good, "coat", "boat"), with(good, "2_A", "2-A"),
        with(good, "abc", "ABC"), with(good, "AAA", "A A"), std::string(1 << 20, 'A')}) {
    EXPECT_EQ(key_id(bad), std::nullopt) << bad.substr(0, 80);
  }
}

}  // namespace
}  // namespace coatcheck::principals
