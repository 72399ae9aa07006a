#include "principals/keyring.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "principals/testing/signing_key.hpp"

namespace coatcheck::principals {
namespace {

namespace fs = std::filesystem;

// A directory of its own for each test.
class KeyringTest : public ::testing::Test {
 protected:
  KeyringTest() {
    std::string name = (fs::temp_directory_path() / "keyring-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    file_ = directory_ / "data" / "keys.json";
  }
  ~KeyringTest() override { fs::remove_all(directory_); }

  Keyring open() {
    auto keyring = Keyring::open(file_, disk(), system_clock());
    if (!keyring) throw std::runtime_error(keyring.error().message);
    return *std::move(keyring);
  }

  // Puts other text in the file's place, as a rename does.
  void replace_with(const std::string& text) {
    const fs::path fresh = file_.string() + ".test";
    std::ofstream(fresh) << text;
    fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write);
    fs::rename(fresh, file_);
  }

  fs::path directory_;
  fs::path file_;
};

std::string id_of(const std::string& key) { return key.substr(5, 8); }

TEST_F(KeyringTest, a_new_key_lets_its_principal_in) {
  Keyring keyring = open();
  const auto key = keyring.create("reports@example", Role::admin);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(keyring.authenticate(*key), (Principal{"reports@example", Role::admin}));
  EXPECT_EQ(open().authenticate(*key), (Principal{"reports@example", Role::admin})) << "after a restart";
}

TEST_F(KeyringTest, a_key_that_differs_anywhere_lets_nobody_in) {
  Keyring keyring = open();
  const std::string key = *keyring.create("a", Role::user);
  for (std::size_t at = 0; at != key.size(); ++at) {
    std::string other = key;
    other[at] = other[at] == 'b' ? 'c' : 'b';
    EXPECT_EQ(keyring.authenticate(other), std::nullopt) << at;
  }
  EXPECT_EQ(keyring.authenticate(""), std::nullopt);
  EXPECT_EQ(keyring.authenticate(key + "A"), std::nullopt);
  EXPECT_EQ(keyring.authenticate(std::string(10 << 20, 'x')), std::nullopt);
}

TEST_F(KeyringTest, the_file_does_not_hold_the_secret_and_is_its_owners_alone) {
  Keyring keyring = open();
  const std::string key = *keyring.create("a", Role::user);
  std::ifstream stream(file_);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_NE(text.find(id_of(key)), std::string::npos);
  EXPECT_EQ(text.find(key.substr(14)), std::string::npos);
  struct stat about{};
  ASSERT_EQ(::stat(file_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(KeyringTest, a_revoked_key_lets_nobody_in_and_stays_listed) {
  Keyring keyring = open();
  const std::string key = *keyring.create("a", Role::user);
  const std::string other = *keyring.create("a", Role::user);
  ASSERT_TRUE(keyring.revoke(id_of(key)));
  EXPECT_EQ(keyring.authenticate(key), std::nullopt);
  EXPECT_NE(keyring.authenticate(other), std::nullopt);
  const std::vector<Key> keys = keyring.list();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].id, id_of(key));
  ASSERT_TRUE(keys[0].revoked);
  ASSERT_TRUE(keyring.revoke(id_of(key)));
  EXPECT_EQ(keyring.list()[0].revoked, keys[0].revoked) << "revoking twice keeps the first time";
}

TEST_F(KeyringTest, revoking_what_does_not_exist_says_so) {
  Keyring keyring = open();
  const auto revoked = keyring.revoke("abcdefg2");
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().code, Errc::not_found);
}

TEST_F(KeyringTest, names_that_are_none_are_refused) {
  Keyring keyring = open();
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("ü"), std::string("a\n"), std::string(65, 'a')}) {
    const auto key = keyring.create(name, Role::user);
    ASSERT_FALSE(key) << name;
    EXPECT_EQ(key.error().code, Errc::invalid_argument);
  }
  EXPECT_TRUE(keyring.create(std::string(64, 'a'), Role::user));
  EXPECT_EQ(keyring.list().size(), 1U);
}

TEST_F(KeyringTest, a_running_server_notices_what_another_process_changes) {
  Keyring server = open();
  EXPECT_FALSE(*server.refresh()) << "nothing is there yet";
  Keyring tool = open();
  const std::string key = *tool.create("a", Role::user);
  EXPECT_EQ(server.authenticate(key), std::nullopt);
  EXPECT_TRUE(*server.refresh());
  EXPECT_NE(server.authenticate(key), std::nullopt);
  EXPECT_FALSE(*server.refresh());
  ASSERT_TRUE(tool.revoke(id_of(key)));
  EXPECT_TRUE(*server.refresh());
  EXPECT_EQ(server.authenticate(key), std::nullopt);
}

TEST_F(KeyringTest, a_broken_file_keeps_the_old_keys_and_is_reported_once) {
  Keyring keyring = open();
  const std::string key = *keyring.create("a", Role::user);
  replace_with("{");
  const auto broken = keyring.refresh();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::corrupt);
  EXPECT_NE(keyring.authenticate(key), std::nullopt);
  const auto again = keyring.refresh();
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  EXPECT_FALSE(keyring.create("b", Role::user)) << "a broken file is not overwritten";

  replace_with(R"({"version":1,"keys":[]})");
  EXPECT_TRUE(*keyring.refresh());
  EXPECT_EQ(keyring.authenticate(key), std::nullopt);
}

TEST_F(KeyringTest, a_file_that_vanishes_locks_nobody_out) {
  Keyring keyring = open();
  const std::string key = *keyring.create("a", Role::user);
  fs::remove(file_);
  EXPECT_FALSE(keyring.refresh());
  EXPECT_NE(keyring.authenticate(key), std::nullopt);
  const auto again = keyring.refresh();
  ASSERT_TRUE(again) << "reported once";
  EXPECT_FALSE(*again);
}

TEST_F(KeyringTest, a_file_that_others_may_read_is_refused) {
  {
    Keyring keyring = open();
    ASSERT_TRUE(keyring.create("a", Role::user));
  }
  for (const fs::perms extra : {fs::perms::others_read, fs::perms::group_read, fs::perms::others_write}) {
    fs::permissions(file_, fs::perms::owner_read | fs::perms::owner_write | extra);
    const auto keyring = Keyring::open(file_, disk(), system_clock());
    ASSERT_FALSE(keyring);
    EXPECT_EQ(keyring.error().code, Errc::invalid_argument);
    EXPECT_NE(keyring.error().message.find("chmod 600"), std::string::npos);
  }
}

TEST_F(KeyringTest, a_file_of_absurd_size_is_not_read) {
  fs::create_directories(file_.parent_path());
  replace_with("");
  fs::resize_file(file_, std::uint64_t{1} << 40);
  const auto keyring = Keyring::open(file_, disk(), system_clock());
  ASSERT_FALSE(keyring);
  EXPECT_EQ(keyring.error().code, Errc::corrupt);
}

TEST_F(KeyringTest, keys_made_at_the_same_time_are_all_kept) {
  std::vector<std::string> keys(8);
  {
    std::vector<std::jthread> tools;
    for (std::string& key : keys) {
      tools.emplace_back([this, &key] { key = *open().create("a", Role::user); });
    }
  }
  const Keyring keyring = open();
  EXPECT_EQ(keyring.list().size(), keys.size());
  for (const std::string& key : keys) EXPECT_NE(keyring.authenticate(key), std::nullopt);
}

TEST_F(KeyringTest, what_a_dead_process_left_behind_is_no_hindrance) {
  fs::create_directories(file_.parent_path());
  std::ofstream(file_.string() + ".new") << "half a fi";
  Keyring keyring = open();
  EXPECT_TRUE(keyring.create("a", Role::user));
}

PublicKey public_key_of(const testing::SigningKey& key) { return *PublicKey::from_pem(key.public_pem()); }

TEST_F(KeyringTest, a_public_key_is_found_by_its_hash_and_its_principals_name_in_any_case) {
  Keyring keyring = open();
  const PublicKey key = public_key_of(testing::signing_key());
  const auto id = keyring.add("Reports@Example", Role::admin, key);
  ASSERT_TRUE(id) << id.error().message;
  Keyring reread = open();
  for (const Keyring* ring : {&keyring, &reread}) {
    const Key* found = ring->find_public_key("REPORTS@EXAMPLE", key.hash());
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->id, *id);
    EXPECT_EQ(found->principal, (Principal{"Reports@Example", Role::admin}));
    EXPECT_EQ(found->public_key, key);
    EXPECT_EQ(ring->find_public_key("reports", key.hash()), nullptr);
    EXPECT_EQ(ring->find_public_key("reports@example", public_key_of(testing::other_signing_key()).hash()), nullptr);
  }
}

TEST_F(KeyringTest, a_principal_has_two_public_keys_at_most_of_which_one_can_be_revoked_for_a_third) {
  Keyring keyring = open();
  const testing::SigningKey third;
  const auto first = keyring.add("a", Role::user, public_key_of(testing::signing_key()));
  ASSERT_TRUE(first);
  ASSERT_TRUE(keyring.add("a", Role::user, public_key_of(testing::other_signing_key())));
  const auto refused = keyring.add("a", Role::user, public_key_of(third));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_TRUE(keyring.add("b", Role::user, public_key_of(third))) << "another principal has its own two";
  ASSERT_TRUE(keyring.create("a", Role::user)) << "API keys do not count";
  ASSERT_TRUE(keyring.revoke(*first));
  EXPECT_TRUE(keyring.add("a", Role::user, public_key_of(third)));
  EXPECT_EQ(keyring.find_public_key("a", public_key_of(testing::signing_key()).hash()), nullptr);
}

TEST_F(KeyringTest, the_same_public_key_is_not_taken_twice_for_names_that_clients_cannot_tell_apart) {
  Keyring keyring = open();
  const PublicKey key = public_key_of(testing::signing_key());
  ASSERT_TRUE(keyring.add("ann", Role::user, key));
  for (const char* name : {"ann", "ANN"}) {
    const auto again = keyring.add(name, Role::user, key);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::conflict);
  }
  EXPECT_TRUE(keyring.add("bob", Role::user, key));
  EXPECT_FALSE(keyring.add("a b", Role::user, public_key_of(testing::other_signing_key()))) << "not a name";
}

TEST_F(KeyringTest, a_key_is_good_until_it_is_revoked) {
  Keyring keyring = open();
  const std::string api_key = *keyring.create("a", Role::user);
  const std::string public_key = *keyring.add("a", Role::user, public_key_of(testing::signing_key()));
  ASSERT_NE(keyring.identify(api_key), nullptr);
  EXPECT_EQ(keyring.identify(api_key)->id, id_of(api_key));
  for (const std::string& id : {id_of(api_key), public_key}) {
    EXPECT_TRUE(keyring.is_good(id));
    ASSERT_TRUE(keyring.revoke(id));
    EXPECT_FALSE(keyring.is_good(id));
  }
  EXPECT_FALSE(keyring.is_good("abcdefg2"));
  EXPECT_FALSE(keyring.is_good(""));
  EXPECT_EQ(keyring.identify(api_key), nullptr);
}

}  // namespace
}  // namespace coatcheck::principals
