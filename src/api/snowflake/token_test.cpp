#include "api/snowflake/token.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "api/snowflake/base64url.hpp"
#include "base/testing/fault_files.hpp"
#include "base/testing/memory_files.hpp"

namespace coatcheck::api::snowflake {
namespace {

namespace fs = std::filesystem;
using coatcheck::testing::Fault;
using coatcheck::testing::FaultFiles;
using coatcheck::testing::MemoryFiles;

constexpr Timestamp now{std::chrono::seconds(1'800'000'000)};

Signer some_signer() { return *Signer::with_secret(std::string(32, 's')); }

Token some_token() {
  return {.session = 1172562260498,
          .identity = {{"ann@example", principals::Role::admin}, "abcdefg2"},
          .issued = now,
          .expires = now + std::chrono::hours(1),
          .initial = R"({"warehouse":"w"})"};
}

TEST(Token, what_is_made_is_read_back) {
  const Signer signer = some_signer();
  Token token = some_token();
  for (const TokenKind kind : {TokenKind::session, TokenKind::master}) {
    const auto read = signer.read(kind, signer.make(kind, token), now);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, token);
  }
  token = {.session = session_id_max,
           .identity = {{std::string(64, 'a'), principals::Role::user}, ""},
           .issued = now,
           .expires = now + std::chrono::hours(4),
           .initial = std::string(token_initial_bytes_max, 'x')};
  const std::string text = signer.make(TokenKind::master, token);
  EXPECT_LE(text.size(), token_text_bytes_max);
  EXPECT_EQ(text.find_first_of("\"\\ \r\n"), std::string::npos);
  const auto read = signer.read(TokenKind::master, text, now);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, token);
}

TEST(Token, one_kind_is_never_another) {
  const Signer signer = some_signer();
  const std::string session = signer.make(TokenKind::session, some_token());
  EXPECT_EQ(signer.read(TokenKind::master, session, now).error(), TokenFault::unusable);
  const std::string master = signer.make(TokenKind::master, some_token());
  EXPECT_EQ(signer.read(TokenKind::session, master, now).error(), TokenFault::unusable);
}

TEST(Token, the_signature_of_a_text_signs_no_token) {
  const Signer signer = some_signer();
  const std::string token = *decode_base64url(signer.make(TokenKind::session, some_token()));
  const std::string payload = token.substr(0, token.size() - 32);
  const std::string forged = encode_base64url(payload + *decode_base64url(signer.signature(payload)));
  EXPECT_EQ(signer.read(TokenKind::session, forged, now).error(), TokenFault::unusable);
}

TEST(Token, a_change_of_any_character_is_noticed) {
  const Signer signer = some_signer();
  const std::string good = signer.make(TokenKind::session, some_token());
  for (std::size_t at = 0; at != good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(signer.read(TokenKind::session, bad, now)) << at;
    EXPECT_FALSE(signer.read(TokenKind::session, good.substr(0, at), now)) << at;
  }
  EXPECT_FALSE(signer.read(TokenKind::session, good + "A", now));
  EXPECT_FALSE(signer.read(TokenKind::session, "None", now));
  EXPECT_FALSE(signer.read(TokenKind::session, std::string(10 << 20, 'A'), now));
}

TEST(Token, another_secret_does_not_know_it) {
  const std::string text = some_signer().make(TokenKind::session, some_token());
  const Signer other = *Signer::with_secret(std::string(32, 't'));
  EXPECT_EQ(other.read(TokenKind::session, text, now).error(), TokenFault::unusable);
}

TEST(Token, expires_at_its_time) {
  const Signer signer = some_signer();
  const std::string text = signer.make(TokenKind::session, some_token());
  EXPECT_TRUE(signer.read(TokenKind::session, text, now + std::chrono::seconds(3599)));
  const auto read = signer.read(TokenKind::session, text, now + std::chrono::seconds(3600));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), TokenFault::expired);
  EXPECT_TRUE(signer.read(TokenKind::session, text, Timestamp::min())) << "of any age";
}

TEST(Signature, is_of_its_text_alone) {
  const Signer signer = some_signer();
  const std::string good = signer.signature("/chunks/1?expires=5");
  EXPECT_EQ(good.size(), 43U);
  EXPECT_TRUE(signer.verify("/chunks/1?expires=5", good));
  EXPECT_FALSE(signer.verify("/chunks/1?expires=6", good));
  EXPECT_FALSE(signer.verify("/chunks/1?expires=5", good.substr(1)));
  EXPECT_FALSE(signer.verify("/chunks/1?expires=5", ""));
  EXPECT_FALSE(signer.verify("/chunks/1?expires=5", good + "A"));
  for (std::size_t at = 0; at != good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(signer.verify("/chunks/1?expires=5", bad)) << at;
  }
}

TEST(Secret, is_made_once_and_kept) {
  MemoryFiles files;
  const auto first = Signer::open("/data/snowflake.secret", files);
  ASSERT_TRUE(first) << first.error().message;
  const std::string text = first->make(TokenKind::session, some_token());
  files.power_cut(MemoryFiles::Unsynced::drop);
  const auto second = Signer::open("/data/snowflake.secret", files);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->read(TokenKind::session, text, now));
  EXPECT_EQ(files.get("/data/snowflake.secret").size(), 32U);
}

TEST(Secret, a_signer_that_was_given_out_has_its_secret_on_the_disk_whatever_fails) {
  for (std::uint64_t n = 1;; ++n) {
    MemoryFiles memory;
    FaultFiles files(memory);
    files.fail(n, Fault::io_error);
    const auto signer = Signer::open("/data/snowflake.secret", files);
    if (!files.fired()) break;
    files.heal();
    memory.power_cut(MemoryFiles::Unsynced::drop);
    const auto again = Signer::open("/data/snowflake.secret", files);
    ASSERT_TRUE(again) << n << ": " << again.error().message;
    if (signer) {
      EXPECT_TRUE(again->read(TokenKind::session, signer->make(TokenKind::session, some_token()), now)) << n;
    }
  }
}

TEST(Secret, one_of_another_size_is_refused) {
  for (const std::size_t size : {0U, 31U, 33U}) {
    MemoryFiles files;
    const std::string text(size, 'x');
    files.put("/data/snowflake.secret", std::as_bytes(std::span(text)));
    const auto signer = Signer::open("/data/snowflake.secret", files);
    ASSERT_FALSE(signer) << size;
    EXPECT_EQ(signer.error().code, Errc::corrupt);
  }
}

TEST(Secret, is_its_owners_alone_on_a_real_disk) {
  std::string name = (fs::temp_directory_path() / "secret-XXXXXX").string();
  const fs::path directory = mkdtemp(name.data());
  const fs::path file = directory / "snowflake.secret";
  ASSERT_TRUE(Signer::open(file, disk()));
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  ASSERT_TRUE(Signer::open(file, disk()));
  fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
  const auto signer = Signer::open(file, disk());
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, Errc::invalid_argument);
  EXPECT_NE(signer.error().message.find("chmod 600"), std::string::npos);
  fs::remove_all(directory);
}

TEST(Base64url, one_text_stands_for_each_bytes) {
  for (const std::string& bytes :
       {std::string(), std::string("a"), std::string("ab"), std::string("abc"), std::string("\xff\xfe\xfd\x00", 4)}) {
    EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
  }
  EXPECT_EQ(encode_base64url("\xff\xfe\xfd"), "__79");
  for (const char* bad : {"a", "YQ==", "YR", "YQ\n", "Y+", "Y/", "ab c"}) {
    EXPECT_EQ(decode_base64url(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace coatcheck::api::snowflake
