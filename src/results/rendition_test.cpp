#include "results/rendition.hpp"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/fault_files.hpp"
#include "base/testing/memory_files.hpp"
#include "results/layout.hpp"
#include "results/sample_rows.hpp"
#include "rows/encoder.hpp"

namespace coatcheck::results {
namespace {

using rows::Format;
using testing::Fault;
using testing::FaultFiles;
using testing::MemoryFiles;

const std::filesystem::path directory = "/spool";

Result<std::shared_ptr<const File>> complete(Rendition& rendition) {
  for (;;) {
    auto file = rendition.advance();
    if (!file || *file) return file;
  }
}

Result<std::shared_ptr<const File>> complete(const Reader& reader, Format format) {
  return complete(*reader.make_rendition(format));
}

std::string text_of(const File& file) {
  std::string text(*file.size(), '\0');
  EXPECT_TRUE(file.read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

// The document as a claim streams it.
std::string encode(const Reader& reader, Format format) {
  auto encoder = *rows::make_encoder(format, reader.manifest().schema);
  std::string text;
  EXPECT_TRUE(encoder->begin(text));
  const auto stream = reader.rows(0, UINT64_MAX);
  for (;;) {
    auto batch = stream->next();
    if (!batch || !*batch) break;
    EXPECT_TRUE(encoder->append(***batch, text));
  }
  EXPECT_TRUE(encoder->finish(text));
  return text;
}

struct RenditionTest : ::testing::Test {
  std::unique_ptr<Spool> open(SpoolOptions options = {}) {
    options.directory = directory;
    options.chunk_rows_max = 20'000;
    return *Spool::open(std::move(options), files);
  }

  // Seals rows whose ndjson is several megabytes, so that it is written in several pieces.
  std::shared_ptr<const Reader> store_numbers(Spool& spool, int n = 1) {
    EXPECT_TRUE(store(spool, query_id(n), number_schema(), {numbers(0, 300'000)}));
    return *spool.read(query_id(n));
  }

  bool is_there(Format format, int n = 1) { return bool(memory.open(rendition_path(directory, query_id(n), format))); }

  MemoryFiles memory;
  FaultFiles files{memory};
};

TEST_F(RenditionTest, a_rendition_has_the_bytes_that_are_streamed_in_every_format) {
  const auto spool = open();
  ASSERT_TRUE(store(*spool, query_id(1), sample_schema(), {sample_rows(0, 30'000), sample_rows(30'000, 12'345)}));
  const auto reader = *spool->read(query_id(1));
  for (const Format format : rows::all_formats) {
    SCOPED_TRACE(std::string(rows::to_string(format)));
    const auto file = complete(*reader, format);
    ASSERT_TRUE(file) << file.error().message;
    // Not EXPECT_EQ: the documents are megabytes.
    EXPECT_TRUE(text_of(**file) == encode(*reader, format));
  }
  EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
}

TEST_F(RenditionTest, parquet_is_the_same_bytes_whenever_and_by_whatever_reader_it_is_made) {
  // What an ETag promises that names the result and the format only.
  auto spool = open();
  ASSERT_TRUE(store(*spool, query_id(1), sample_schema(), {sample_rows(0, 50'000)}));
  const std::string first = encode(**spool->read(query_id(1)), Format::parquet);
  EXPECT_TRUE(encode(**spool->read(query_id(1)), Format::parquet) == first);
  EXPECT_TRUE(text_of(**complete(**spool->read(query_id(1)), Format::parquet)) == first);
  spool = open();
  ASSERT_TRUE(spool->sweep([](QueryId) { return true; }));
  EXPECT_TRUE(text_of(**complete(**spool->read(query_id(1)), Format::parquet)) == first);
}

TEST_F(RenditionTest, a_result_without_rows_has_renditions_too) {
  const auto spool = open();
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), {}));
  const auto reader = *spool->read(query_id(1));
  EXPECT_TRUE(text_of(**complete(*reader, Format::parquet)) == encode(*reader, Format::parquet));
}

TEST_F(RenditionTest, it_is_made_once_and_used_again) {
  const auto spool = open();
  const auto reader = store_numbers(*spool);
  EXPECT_EQ(*reader->find_rendition(Format::parquet), nullptr);
  const auto made = complete(*reader, Format::parquet);
  ASSERT_TRUE(made);
  const auto appends = files.appends();
  const auto again = complete(**spool->read(query_id(1)), Format::parquet);
  const auto found = reader->find_rendition(Format::parquet);
  ASSERT_TRUE(again && found && *found);
  EXPECT_EQ(files.appends(), appends);
  EXPECT_TRUE(text_of(**again) == text_of(**made) && text_of(**found) == text_of(**made));
  EXPECT_EQ(*reader->find_rendition(Format::csv), nullptr);
  EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
}

TEST_F(RenditionTest, it_is_written_in_pieces_and_never_synced) {
  const auto spool = open();
  const auto reader = store_numbers(*spool);
  const auto appends = files.appends();
  const auto syncs = files.syncs() + files.directory_syncs();
  ASSERT_TRUE(complete(*reader, Format::ndjson));
  EXPECT_GE(files.appends() - appends, 3U);
  EXPECT_EQ(files.syncs() + files.directory_syncs(), syncs);
}

TEST_F(RenditionTest, many_who_want_it_at_once_make_one_file_together) {
  const auto spool = open();
  const auto reader = store_numbers(*spool);
  const auto appends = files.appends();
  ASSERT_TRUE(complete(*reader, Format::csv));
  const auto appends_of_one = files.appends() - appends;
  ASSERT_TRUE(spool->remove(query_id(1)));

  const auto stored = store_numbers(*spool);
  const auto appends_before = files.appends();
  std::vector<std::thread> threads;
  std::atomic<int> same{0};
  // All of them are there before one begins, so none is late.
  std::vector<std::unique_ptr<Rendition>> wanted;
  for (int t = 0; t != 4; ++t) wanted.push_back(stored->make_rendition(Format::csv));
  const std::string expected = encode(*stored, Format::csv);
  for (auto& each : wanted) {
    threads.emplace_back([&same, &expected, rendition = std::move(each)] {
      const auto file = complete(*rendition);
      if (file && text_of(**file) == expected) ++same;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(same, 4);
  EXPECT_EQ(files.appends() - appends_before, appends_of_one);
  EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
}

TEST_F(RenditionTest, it_goes_on_as_long_as_one_wants_it_and_leaves_nothing_after_the_last) {
  const auto spool = open();
  const auto reader = store_numbers(*spool);
  const auto before = spool->bytes_used();
  auto first = reader->make_rendition(Format::ndjson);
  auto second = reader->make_rendition(Format::ndjson);
  while (spool->bytes_used() == before) ASSERT_EQ(*first->advance(), nullptr);
  first.reset();
  EXPECT_GT(spool->bytes_used(), before);
  ASSERT_EQ(*second->advance(), nullptr);
  second.reset();
  EXPECT_EQ(spool->bytes_used(), before);
  EXPECT_EQ(memory.bytes_used(), before);
  EXPECT_TRUE(complete(*reader, Format::ndjson));
}

TEST_F(RenditionTest, it_is_removed_with_the_result_and_stays_readable_while_it_is_held) {
  const auto spool = open();
  const auto reader = store_numbers(*spool);
  const std::string expected = encode(*reader, Format::csv);
  const auto csv = *complete(*reader, Format::csv);
  ASSERT_TRUE(complete(*reader, Format::parquet));
  ASSERT_TRUE(is_there(Format::csv) && is_there(Format::parquet));
  ASSERT_TRUE(spool->remove(query_id(1)));
  EXPECT_EQ(memory.bytes_used(), 0U);
  EXPECT_EQ(spool->bytes_used(), 0U);
  EXPECT_TRUE(text_of(*csv) == expected);
  EXPECT_EQ(*reader->find_rendition(Format::csv), nullptr);
}

TEST_F(RenditionTest, one_that_is_made_while_its_result_is_removed_does_not_survive) {
  const auto spool = open();
  // From before its first step to just before its last, which gives it its name.
  for (int steps = 0;; ++steps) {
    SCOPED_TRACE(steps);
    const auto reader = store_numbers(*spool);
    const auto rendition = reader->make_rendition(Format::ndjson);
    bool made = false;
    for (int step = 0; step != steps && !made; ++step) made = *rendition->advance() != nullptr;
    ASSERT_TRUE(spool->remove(query_id(1)));
    if (made) {
      EXPECT_GT(steps, 5);
      break;
    }
    const auto outcome = complete(*rendition);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::gone);
    EXPECT_EQ(spool->bytes_used(), 0U);
    EXPECT_EQ(memory.bytes_used(), 0U);
  }
  EXPECT_EQ(memory.bytes_used(), 0U);
}

TEST_F(RenditionTest, of_a_removed_result_none_begins) {
  const auto spool = open();
  const auto reader = store_numbers(*spool);
  ASSERT_TRUE(spool->remove(query_id(1)));
  EXPECT_EQ(complete(*reader, Format::parquet).error().code, Errc::gone);
  EXPECT_EQ(memory.bytes_used(), 0U);
}

TEST_F(RenditionTest, a_reader_outlives_the_spool_with_its_renditions) {
  auto spool = open();
  const auto reader = store_numbers(*spool);
  const auto rendition = reader->make_rendition(Format::parquet);
  spool.reset();
  EXPECT_TRUE(complete(*rendition));
}

TEST_F(RenditionTest, what_an_earlier_process_made_is_counted_not_trusted_and_swept) {
  auto spool = open();
  const auto result_bytes = store_numbers(*spool)->manifest().bytes;
  ASSERT_TRUE(complete(**spool->read(query_id(1)), Format::parquet));
  const std::byte junk[10] = {};
  memory.put(partial_rendition_path(directory, query_id(1), Format::csv), junk);
  memory.put(directory / "01" / (query_id(1).to_string() + ".pdf"), junk);
  memory.put(directory / "01" / (query_id(1).to_string() + "-parquet"), junk);
  memory.put(directory / "01" / (query_id(1).to_string() + ".parquet.partial.old"), junk);

  spool = open();
  EXPECT_EQ(spool->bytes_used(), memory.bytes_used() - 30);
  EXPECT_EQ(*(*spool->read(query_id(1)))->find_rendition(Format::parquet), nullptr);
  const auto swept = spool->sweep([](QueryId) { return true; });
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->renditions, 2U);
  EXPECT_EQ(swept->unfinished + swept->orphans, 0U);
  EXPECT_EQ(spool->bytes_used(), result_bytes);
  EXPECT_EQ(memory.bytes_used(), result_bytes + 30);
}

TEST_F(RenditionTest, what_an_earlier_process_left_is_written_anew_even_without_a_sweep) {
  auto spool = open();
  ASSERT_TRUE(complete(*store_numbers(*spool), Format::csv));
  const std::byte junk[10] = {};
  memory.put(partial_rendition_path(directory, query_id(1), Format::csv), junk);
  memory.put(rendition_path(directory, query_id(1), Format::csv), junk);
  spool = open();
  const auto reader = *spool->read(query_id(1));
  EXPECT_TRUE(text_of(**complete(*reader, Format::csv)) == encode(*reader, Format::csv));
  EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
}

TEST_F(RenditionTest, without_room_none_is_made_and_nothing_is_left) {
  const auto spool = open({.disk_bytes_max = 2'500'000});
  const auto reader = store_numbers(*spool);
  const auto before = spool->bytes_used();
  ASSERT_LT(before, 1'400'000U);
  const auto outcome = complete(*reader, Format::ndjson);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::resource_exhausted);
  EXPECT_NE(outcome.error().message.find("the result spool is full"), std::string::npos);
  EXPECT_EQ(spool->bytes_used(), before);
  EXPECT_EQ(memory.bytes_used(), before);
}

TEST_F(RenditionTest, a_result_that_needs_the_room_gets_that_of_renditions) {
  auto spool = open();
  const auto result_bytes = store_numbers(*spool)->manifest().bytes;
  const auto csv_bytes = *(**complete(**spool->read(query_id(1)), Format::csv)).size();
  ASSERT_TRUE(spool->remove(query_id(1)));

  // Room for two results with their renditions. A third result is smaller than one of these.
  ASSERT_LT(result_bytes, csv_bytes);
  spool = open({.disk_bytes_max = 2 * (result_bytes + csv_bytes)});
  for (const int n : {1, 2}) ASSERT_TRUE(complete(*store_numbers(*spool, n), Format::csv));
  ASSERT_TRUE(is_there(Format::csv, 1) && is_there(Format::csv, 2));
  store_numbers(*spool, 3);
  EXPECT_FALSE(is_there(Format::csv, 1));
  EXPECT_TRUE(is_there(Format::csv, 2));
  EXPECT_EQ(*(*spool->read(query_id(1)))->find_rendition(Format::csv), nullptr);
  EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
  EXPECT_EQ(spool->bytes_used(), 3 * result_bytes + csv_bytes);
}

TEST_F(RenditionTest, a_damaged_result_has_no_rendition) {
  const auto spool = open();
  const auto bytes = store_numbers(*spool)->manifest().bytes;
  auto damaged = memory.get(sealed_path(directory, query_id(1)));
  damaged[bytes / 2] ^= std::byte{1};
  memory.put(sealed_path(directory, query_id(1)), damaged);
  EXPECT_EQ(complete(**spool->read(query_id(1)), Format::csv).error().code, Errc::corrupt);
  EXPECT_EQ(memory.bytes_used(), bytes);
  EXPECT_EQ(spool->bytes_used(), bytes);
}

class EveryOperationOfARendition : public ::testing::TestWithParam<Fault> {};

TEST_P(EveryOperationOfARendition, failing_leaves_all_of_it_or_nothing) {
  std::uint64_t n = 1;
  for (;; ++n) {
    SCOPED_TRACE(n);
    MemoryFiles memory;
    FaultFiles files(memory);
    const auto spool = *Spool::open({.directory = directory, .chunk_rows_max = 50'000}, files);
    ASSERT_TRUE(store(*spool, query_id(1), number_schema(), {numbers(0, 150'000)}));
    const auto reader = *spool->read(query_id(1));
    const auto result_bytes = memory.bytes_used();
    files.fail(n, GetParam());
    const bool made = bool(complete(*reader, Format::ndjson));
    if (!files.fired()) {
      EXPECT_TRUE(made);
      break;
    }
    EXPECT_FALSE(made);
    files.heal();
    if (GetParam() == Fault::halt) {
      // There is no same process then: the next one begins with a sweep.
      const auto reopened = *Spool::open({.directory = directory}, memory);
      ASSERT_TRUE(reopened->sweep([](QueryId) { return true; }));
      EXPECT_EQ(memory.bytes_used(), result_bytes);
      EXPECT_EQ(reopened->bytes_used(), result_bytes);
      EXPECT_TRUE(complete(**reopened->read(query_id(1)), Format::ndjson));
      continue;
    }
    EXPECT_EQ(*reader->find_rendition(Format::ndjson), nullptr);
    EXPECT_EQ(memory.bytes_used(), result_bytes);
    EXPECT_EQ(spool->bytes_used(), result_bytes);
    EXPECT_FALSE(memory.open(partial_rendition_path(directory, query_id(1), Format::ndjson)));
    // Trouble passes: the next one who wants it gets it.
    EXPECT_TRUE(complete(*reader, Format::ndjson));
    EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
    ASSERT_TRUE(spool->remove(query_id(1)));
    EXPECT_EQ(memory.bytes_used(), 0U);
    EXPECT_EQ(spool->bytes_used(), 0U);
  }
  EXPECT_GT(n, 10U);
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

INSTANTIATE_TEST_SUITE_P(Faults, EveryOperationOfARendition,
                         ::testing::Values(Fault::io_error, Fault::no_space, Fault::late, Fault::halt), name_of);

TEST(RenditionFailure, a_full_disk_is_an_error_of_room) {
  MemoryFiles memory;
  FaultFiles files(memory);
  const auto spool = *Spool::open({.directory = directory}, files);
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), {numbers(0, 10)}));
  const auto reader = *spool->read(query_id(1));
  for (std::uint64_t n = 1;; ++n) {
    const auto appends = files.appends();
    files.fail(n, Fault::no_space);
    const auto made = complete(*reader, Format::csv);
    ASSERT_TRUE(files.fired());
    ASSERT_FALSE(made);
    if (files.appends() == appends) continue;
    EXPECT_EQ(made.error().code, Errc::resource_exhausted);
    EXPECT_EQ(made.error().message, "the disk that keeps the results is full");
    break;
  }
}

}  // namespace
}  // namespace coatcheck::results
