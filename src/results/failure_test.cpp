#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <string>

#include "base/testing/fault_files.hpp"
#include "base/testing/memory_files.hpp"
#include "results/layout.hpp"
#include "results/sample_rows.hpp"
#include "results/spool.hpp"

namespace coatcheck::results {
namespace {

using testing::Fault;
using testing::FaultFiles;
using testing::MemoryFiles;

// The directory has parents that are not there yet: their names must survive too.
const SpoolOptions options{.directory = "/var/lib/spool", .chunk_rows_max = 10};

// Stores 35 rows in four chunks; whether they are sealed.
bool run(Spool& spool) { return bool(store(spool, query_id(1), number_schema(), {numbers(0, 17), numbers(17, 18)})); }

// The result is whole or is not there.
bool whole_or_nothing(Spool& spool) {
  const auto reader = spool.read(query_id(1));
  if (!reader) {
    EXPECT_EQ(reader.error().code, Errc::not_found) << reader.error().detail;
    return false;
  }
  const auto stream = (*reader)->rows(0, UINT64_MAX);
  EXPECT_TRUE(read_all(*stream, number_schema())->Equals(*numbers(0, 35)));
  return true;
}

class EveryOperation : public ::testing::TestWithParam<Fault> {};

TEST_P(EveryOperation, failing_while_a_result_is_stored_leaves_all_of_it_or_nothing) {
  std::uint64_t n = 1;
  for (;; ++n) {
    SCOPED_TRACE(n);
    MemoryFiles memory;
    FaultFiles files(memory);
    const auto spool = *Spool::open(options, files);
    files.fail(n, GetParam());
    const bool sealed = run(*spool);
    if (!files.fired()) {
      EXPECT_TRUE(sealed);
      break;
    }
    files.heal();
    const bool there = whole_or_nothing(*spool);
    if (sealed) {
      EXPECT_TRUE(there);
    }
    if (GetParam() != Fault::halt) {
      EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
    }

    const auto reopened = *Spool::open(options, memory);
    EXPECT_EQ(reopened->bytes_used(), memory.bytes_used());
    EXPECT_EQ(whole_or_nothing(*reopened), there);
    // After the sweep that every start begins with, the query can run again.
    ASSERT_TRUE(reopened->sweep([](QueryId) { return false; }));
    EXPECT_EQ(reopened->bytes_used(), 0U);
    EXPECT_EQ(memory.bytes_used(), 0U);
    EXPECT_TRUE(run(*reopened));
  }
  EXPECT_GT(n, 8U);
}

TEST_P(EveryOperation, a_second_attempt_succeeds_in_the_same_process) {
  if (GetParam() == Fault::halt) return;  // There is no same process then.
  for (std::uint64_t n = 1;; ++n) {
    SCOPED_TRACE(n);
    MemoryFiles memory;
    FaultFiles files(memory);
    const auto spool = *Spool::open(options, files);
    files.fail(n, GetParam());
    const bool sealed = run(*spool);
    if (!files.fired()) break;
    if (!sealed) {
      EXPECT_TRUE(run(*spool));
    }
    EXPECT_TRUE(whole_or_nothing(*spool));
    EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
  }
}

TEST_P(EveryOperation, a_power_cut_at_any_instant_keeps_what_was_sealed) {
  for (const auto unsynced : {MemoryFiles::Unsynced::drop, MemoryFiles::Unsynced::keep, MemoryFiles::Unsynced::tear}) {
    for (std::uint64_t n = 1;; ++n) {
      SCOPED_TRACE(n);
      MemoryFiles memory;
      FaultFiles files(memory);
      files.fail(n, GetParam());
      bool sealed = false;
      {
        const auto spool = Spool::open(options, files);
        if (spool) sealed = run(**spool);
        memory.power_cut(unsynced);
      }
      const auto reopened = *Spool::open(options, memory);
      const bool there = whole_or_nothing(*reopened);
      if (sealed) {
        EXPECT_TRUE(there);
      }
      EXPECT_EQ(reopened->bytes_used(), memory.bytes_used());
      if (!files.fired()) {
        EXPECT_TRUE(sealed);
        break;
      }
      // Every folder made at the first start is as good as new: skip the middle of them.
      if (n == 20) n = 250;
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<Fault>& info) {
  switch (info.param) {
    case Fault::io_error: return "io_error";
    case Fault::no_space: return "no_space";
    case Fault::late: return "late";
    case Fault::halt: return "halt";
  }
  return "unknown";
}

INSTANTIATE_TEST_SUITE_P(Faults, EveryOperation,
                         ::testing::Values(Fault::io_error, Fault::no_space, Fault::late, Fault::halt), name_of);

TEST(ReadFailure, an_error_of_the_disk_is_reported_and_the_stream_ends) {
  MemoryFiles memory;
  FaultFiles files(memory);
  const auto spool = *Spool::open(options, files);
  ASSERT_TRUE(run(*spool));
  const auto reader = *spool->read(query_id(1));
  const auto stream = reader->rows(0, 35);
  ASSERT_TRUE(stream->next());
  files.fail(1, Fault::io_error);
  auto next = stream->next();
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, Errc::io_error);
  EXPECT_EQ(next.error().message, "the stored result could not be read");
  files.fail(1, Fault::io_error);
  EXPECT_EQ(spool->read(query_id(1)).error().code, Errc::io_error);
}

}  // namespace
}  // namespace coatcheck::results
