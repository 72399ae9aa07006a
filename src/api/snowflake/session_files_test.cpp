#include "api/snowflake/session_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "api/snowflake/token.hpp"
#include "base/testing/fault_files.hpp"
#include "base/testing/memory_files.hpp"

namespace coatcheck::api::snowflake {
namespace {

using coatcheck::testing::Fault;
using coatcheck::testing::FaultFiles;
using coatcheck::testing::MemoryFiles;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Timestamp now{std::chrono::seconds(1'800'000'000)};

StoredSession some_session(std::uint64_t id, std::string database = "db") {
  StoredSession session{id, "ann", now + std::chrono::hours(4), {}};
  session.state.database = std::move(database);
  session.state.parameters["QUERY_TAG"] = {ParameterValue::Type::text, "tag"};
  return session;
}

void put(MemoryFiles& files, const std::string& path, const std::string& text) {
  files.put(path, std::as_bytes(std::span(text)));
}

TEST(SessionFile, what_is_written_is_read_back) {
  const auto read = read_session_file(write_session_file(some_session(session_id_max)));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, some_session(session_id_max));
}

TEST(SessionFile, anything_else_is_corrupt) {
  const std::string good = write_session_file(some_session(7));
  const auto with = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const std::string& bad :
       {std::string(), std::string("[]"), good.substr(0, good.size() / 2), with("\"version\":1", "\"version\":2"),
        with("\"session\":7", "\"session\":-7"), with("\"ann\"", "7"), with("2027", "202x"),
        with("\"database\"", "\"databases\""), with("\"state\"", "\"stat\""), good + std::string(1 << 20, ' ')}) {
    const auto read = read_session_file(bad);
    ASSERT_FALSE(read) << bad.substr(0, 200);
    EXPECT_EQ(read.error().code, Errc::corrupt);
  }
}

TEST(SessionFiles, what_was_written_is_there_after_a_restart) {
  MemoryFiles files;
  auto sessions = SessionFiles::open("/data/sessions", files);
  ASSERT_TRUE(sessions) << sessions.error().message;
  ASSERT_TRUE(sessions->write(some_session(1)));
  ASSERT_TRUE(sessions->write(some_session(2)));
  ASSERT_TRUE(sessions->write(some_session(2, "other")));
  files.power_cut(MemoryFiles::Unsynced::drop);
  const auto again = SessionFiles::open("/data/sessions", files);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->count(), 2U);
  EXPECT_EQ(*again->read(1), some_session(1));
  EXPECT_EQ(*again->read(2), some_session(2, "other"));
  EXPECT_EQ(again->read(3).error().code, Errc::not_found);
}

TEST(SessionFiles, a_write_that_fails_anywhere_leaves_the_old_file_or_the_new_one) {
  for (const Fault fault : {Fault::io_error, Fault::no_space, Fault::halt}) {
    for (std::uint64_t n = 1;; ++n) {
      MemoryFiles memory;
      FaultFiles files(memory);
      ASSERT_TRUE(SessionFiles::open("/data/sessions", files)->write(some_session(1, "old")));
      const auto sessions = SessionFiles::open("/data/sessions", files);
      files.fail(n, fault);
      const auto written = sessions->write(some_session(1, "new"));
      if (!files.fired()) break;
      files.heal();
      memory.power_cut(MemoryFiles::Unsynced::tear);
      const auto again = SessionFiles::open("/data/sessions", files);
      ASSERT_TRUE(again) << again.error().message;
      const auto read = again->read(1);
      ASSERT_TRUE(read) << n << ": " << read.error().message;
      EXPECT_TRUE(read->state.database == "new" || (!written && read->state.database == "old")) << n;
      EXPECT_EQ(memory.list("/data/sessions")->size(), 1U) << "nothing half written stays";
    }
  }
}

TEST(SessionFiles, only_names_of_sessions_count) {
  MemoryFiles files;
  for (const char* name : {"7.json", "07.json", "0.json", "x.json", "closed-1", "9007199254740992.json", "7.json.new",
                           "99999999999999999999.json", "-1.json"}) {
    put(files, std::string("/data/sessions/") + name, "x");
  }
  const auto sessions = SessionFiles::open("/data/sessions", files);
  ASSERT_TRUE(sessions);
  EXPECT_EQ(sessions->count(), 1U);
  EXPECT_TRUE(sessions->contains(7));
  EXPECT_EQ(sessions->read(7).error().code, Errc::corrupt);
  EXPECT_EQ(files.open("/data/sessions/7.json.new").error().code, Errc::not_found);
}

TEST(SessionFiles, a_file_that_is_about_another_session_is_corrupt) {
  MemoryFiles files;
  put(files, "/data/sessions/7.json", write_session_file(some_session(8)));
  EXPECT_EQ(SessionFiles::open("/data/sessions", files)->read(7).error().code, Errc::corrupt);
}

TEST(SessionFiles, know_when_each_is_over) {
  MemoryFiles files;
  for (const std::uint64_t id : {1U, 2U}) {
    put(files, "/data/sessions/" + std::to_string(id) + ".json", write_session_file(some_session(id)));
  }
  auto sessions = SessionFiles::open("/data/sessions", files);
  EXPECT_EQ(sessions->unread(10).size(), 2U);
  EXPECT_EQ(sessions->unread(1).size(), 1U);
  EXPECT_THAT(sessions->expired(now + std::chrono::hours(100)), IsEmpty()) << "nobody has looked";
  sessions->note(1, now + std::chrono::hours(2));
  sessions->note_read(1, now + std::chrono::hours(1));
  sessions->note_read(2, now + std::chrono::hours(3));
  sessions->note_read(5, now);
  EXPECT_THAT(sessions->unread(10), IsEmpty());
  EXPECT_THAT(sessions->expired(now + std::chrono::hours(1)), IsEmpty()) << "what was written since is what counts";
  EXPECT_THAT(sessions->expired(now + std::chrono::hours(2)), ElementsAre(1));
  sessions->forget(1);
  EXPECT_THAT(sessions->expired(now + std::chrono::hours(3)), ElementsAre(2));
}

}  // namespace
}  // namespace coatcheck::api::snowflake
