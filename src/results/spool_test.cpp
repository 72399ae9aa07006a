#include "results/spool.hpp"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/testing/fault_files.hpp"
#include "base/testing/memory_files.hpp"
#include "results/layout.hpp"
#include "results/sample_rows.hpp"

namespace coatcheck::results {
namespace {

const std::filesystem::path directory = "/spool";

struct SpoolTest : ::testing::Test {
  std::unique_ptr<Spool> open(SpoolOptions options = {}) {
    options.directory = directory;
    auto spool = Spool::open(std::move(options), memory);
    EXPECT_TRUE(spool);
    return *std::move(spool);
  }

  testing::MemoryFiles memory;
};

// Reads the whole result as a client would that is sent the schema once, then what is between schema and end
// mark of each chunk, then one end mark.
std::shared_ptr<arrow::Table> read_concatenated(const Reader& reader) {
  const Manifest& manifest = reader.manifest();
  std::vector<std::byte> stream;
  for (std::size_t n = 0; n != manifest.chunks.size(); ++n) {
    const Chunk& chunk = manifest.chunks[n];
    const std::uint64_t from = n == 0 ? 0 : manifest.schema_bytes;
    const std::uint64_t to = n + 1 == manifest.chunks.size() ? chunk.bytes : chunk.bytes - 8;
    std::vector<std::byte> bytes(to - from);
    EXPECT_TRUE(reader.file().read_at(chunk.offset + from, bytes));
    stream.insert(stream.end(), bytes.begin(), bytes.end());
  }
  auto input = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(
      reinterpret_cast<const std::uint8_t*>(stream.data()), static_cast<std::int64_t>(stream.size())));
  auto decoder = arrow::ipc::RecordBatchStreamReader::Open(input).ValueOrDie();
  auto batches = decoder->ToRecordBatches().ValueOrDie();
  EXPECT_EQ(input->Tell().ValueOrDie(), static_cast<std::int64_t>(stream.size()));
  return arrow::Table::FromRecordBatches(decoder->schema(), batches).ValueOrDie();
}

TEST_F(SpoolTest, every_type_comes_back_as_it_was_stored_with_each_compression) {
  for (const Compression compression : {Compression::none, Compression::lz4, Compression::zstd}) {
    for (const std::uint64_t chunk_rows : {1U, 10U, 64U, 1000U}) {
      const auto spool = open({.chunk_rows_max = chunk_rows, .compression = compression});
      const QueryId query = query_id(1);
      const auto sealed =
          store(*spool, query, sample_schema(), {sample_rows(0, 40), sample_rows(40, 0), sample_rows(40, 60)}, true);
      ASSERT_TRUE(sealed);
      EXPECT_EQ(sealed->chunks.size(), (100 + chunk_rows - 1) / chunk_rows);
      const auto reader = *spool->read(query);
      EXPECT_EQ(reader->manifest().rows, 100U);
      EXPECT_TRUE(reader->manifest().truncated);
      EXPECT_EQ(reader->manifest().chunks, sealed->chunks);
      EXPECT_EQ(reader->manifest().bytes, sealed->bytes);
      EXPECT_EQ(reader->manifest().schema_bytes, sealed->schema_bytes);
      EXPECT_TRUE(reader->manifest().schema->Equals(*sample_schema(), true));
      const auto stream = reader->rows(0, 1000);
      EXPECT_TRUE(read_all(*stream, sample_schema())->Equals(*sample_rows(0, 100)));
      EXPECT_EQ(read_concatenated(*reader)->num_rows(), 100);
      ASSERT_TRUE(spool->remove(query));
      EXPECT_EQ(spool->bytes_used(), 0U);
    }
  }
}

TEST_F(SpoolTest, any_offset_and_limit_gives_exactly_those_rows) {
  // Batches of 4 in chunks of 10: a batch lies across each border.
  const auto spool = open({.chunk_rows_max = 10});
  std::vector<rows::Batch> batches;
  for (std::int64_t first = 0; first < 32; first += 4) batches.push_back(numbers(first, 4));
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), batches));
  const auto reader = *spool->read(query_id(1));
  ASSERT_EQ(reader->manifest().chunks.size(), 4U);
  for (std::uint64_t offset = 0; offset != 35; ++offset) {
    for (std::uint64_t limit = 0; limit != 35; ++limit) {
      const auto stream = reader->rows(offset, limit);
      const auto got = read_all(*stream, number_schema());
      const std::uint64_t begin = std::min<std::uint64_t>(offset, 32);
      const std::uint64_t count = std::min<std::uint64_t>(limit, 32 - begin);
      ASSERT_TRUE(got->Equals(*numbers(static_cast<std::int64_t>(begin), static_cast<std::int64_t>(count))))
          << offset << " + " << limit;
    }
  }
  const auto all = reader->rows(1, UINT64_MAX);
  EXPECT_EQ(read_all(*all, number_schema())->num_rows(), 31);
  const auto none = reader->rows(UINT64_MAX, UINT64_MAX);
  EXPECT_EQ(read_all(*none, number_schema())->num_rows(), 0);
}

TEST_F(SpoolTest, reading_in_the_middle_reads_one_chunk_only) {
  testing::FaultFiles files(memory);
  const auto spool = *Spool::open({.directory = directory, .chunk_rows_max = 10}, files);
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), {numbers(0, 100)}));
  const auto reader = *spool->read(query_id(1));
  const auto before = files.operations();
  const auto stream = reader->rows(55, 5);
  EXPECT_TRUE(read_all(*stream, number_schema())->Equals(*numbers(55, 5)));
  EXPECT_EQ(files.operations() - before, 1U);
}

TEST_F(SpoolTest, chunks_are_bounded_by_bytes) {
  const auto spool = open({.chunk_bytes_max = 8'000, .compression = Compression::none});
  const auto sealed = store(*spool, query_id(1), number_schema(), {numbers(0, 10'000), numbers(10'000, 10'000)});
  ASSERT_TRUE(sealed);
  EXPECT_GE(sealed->chunks.size(), 20U);
  EXPECT_LE(sealed->chunks.size(), 45U);
  for (const Chunk& chunk : sealed->chunks) EXPECT_LE(chunk.rows * 8, 8'000U);
  const auto stream = (*spool->read(query_id(1)))->rows(0, UINT64_MAX);
  EXPECT_TRUE(read_all(*stream, number_schema())->Equals(*numbers(0, 20'000)));
}

TEST_F(SpoolTest, a_row_larger_than_a_chunk_is_a_chunk_of_its_own) {
  const auto spool = open({.chunk_bytes_max = 1'000});
  arrow::StringBuilder builder;
  for (int i = 0; i != 5; ++i) ASSERT_TRUE(builder.Append(std::string(i == 2 ? 100'000 : 10, 'x')).ok());
  const auto schema = arrow::schema({arrow::field("s", arrow::utf8())});
  const auto batch = arrow::RecordBatch::Make(schema, 5, {builder.Finish().ValueOrDie()});
  ASSERT_TRUE(store(*spool, query_id(1), schema, {batch}));
  const auto reader = *spool->read(query_id(1));
  EXPECT_LE(reader->manifest().chunks.size(), 3U);
  const auto stream = reader->rows(0, 5);
  EXPECT_TRUE(read_all(*stream, schema)->Equals(*batch));
}

TEST_F(SpoolTest, small_batches_are_put_together) {
  const auto spool = open();
  std::vector<rows::Batch> batches;
  for (std::int64_t row = 0; row != 500; ++row) batches.push_back(numbers(row, 1));
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), batches));
  const auto reader = *spool->read(query_id(1));
  EXPECT_EQ(reader->manifest().chunks.size(), 1U);
  auto first = reader->rows(0, 500)->next();
  ASSERT_TRUE(first);
  EXPECT_TRUE((**first)->Equals(*numbers(0, 500)));
}

TEST_F(SpoolTest, results_without_rows_or_columns_keep_their_schema) {
  const auto spool = open({.chunk_rows_max = 4});
  const auto no_columns = arrow::schema(arrow::FieldVector{});
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), {}));
  ASSERT_TRUE(store(*spool, query_id(2), no_columns, {}));
  ASSERT_TRUE(store(*spool, query_id(3), no_columns, {arrow::RecordBatch::Make(no_columns, 10, arrow::ArrayVector{})}));
  const auto no_rows = *spool->read(query_id(1));
  EXPECT_TRUE(no_rows->manifest().schema->Equals(*number_schema()));
  EXPECT_TRUE(no_rows->manifest().chunks.empty());
  EXPECT_GT(no_rows->manifest().schema_bytes, 0U);
  EXPECT_EQ((*spool->read(query_id(2)))->manifest().schema->num_fields(), 0);
  const auto stream = (*spool->read(query_id(3)))->rows(3, 5);
  std::int64_t count = 0;
  for (auto next = stream->next(); next && *next; next = stream->next()) count += (**next)->num_rows();
  EXPECT_EQ(count, 5);
}

TEST_F(SpoolTest, dictionaries_may_change_between_batches_and_every_chunk_stands_alone) {
  for (const std::uint64_t chunk_rows : {3U, 7U, 1000U}) {
    const auto spool = open({.chunk_rows_max = chunk_rows});
    std::vector<std::string> many;
    for (int i = 0; i != 100; ++i) many.push_back("word " + std::to_string(i));
    std::vector<std::string> others;
    for (int i = 0; i != 100; ++i) others.push_back("other " + std::to_string(i));
    // Together they have more words than the index type can count, so they cannot be put into one batch.
    const std::vector<rows::Batch> batches = {words({"a", "b"}, 5), words({"b", "c", "d"}, 5), words(many, 100),
                                              words(others, 100)};
    ASSERT_TRUE(store(*spool, query_id(1), batches[0]->schema(), batches));
    const auto reader = *spool->read(query_id(1));
    const auto text_of = [](const arrow::Array& column, std::int64_t row) {
      return column.GetScalar(row).ValueOrDie();
    };
    std::vector<std::string> expected;
    for (const auto& batch : batches) {
      for (std::int64_t row = 0; row != batch->num_rows(); ++row) {
        expected.push_back(static_cast<const arrow::DictionaryScalar&>(*text_of(*batch->column(0), row))
                               .GetEncodedValue()
                               .ValueOrDie()
                               ->ToString());
      }
    }
    std::vector<std::string> streamed;
    const auto stream = reader->rows(0, UINT64_MAX);
    for (auto next = stream->next(); next && *next; next = stream->next()) {
      for (std::int64_t row = 0; row != (**next)->num_rows(); ++row) {
        streamed.push_back(static_cast<const arrow::DictionaryScalar&>(*text_of(*(**next)->column(0), row))
                               .GetEncodedValue()
                               .ValueOrDie()
                               ->ToString());
      }
    }
    EXPECT_EQ(streamed, expected);
    std::vector<std::string> concatenated;
    const auto table = read_concatenated(*reader);
    for (std::int64_t row = 0; row != table->num_rows(); ++row) {
      concatenated.push_back(static_cast<const arrow::DictionaryScalar&>(*table->column(0)->GetScalar(row).ValueOrDie())
                                 .GetEncodedValue()
                                 .ValueOrDie()
                                 ->ToString());
    }
    EXPECT_EQ(concatenated, expected);
    // In the middle of the words that came last, without the chunks before them.
    const auto tail = reader->rows(209, 1);
    auto last = tail->next();
    ASSERT_TRUE(last);
    EXPECT_EQ(static_cast<const arrow::DictionaryScalar&>(*text_of(*(**last)->column(0), 0))
                  .GetEncodedValue()
                  .ValueOrDie()
                  ->ToString(),
              "other 99");
    ASSERT_TRUE(spool->remove(query_id(1)));
  }
}

TEST_F(SpoolTest, a_small_result_is_one_append_one_sync_and_one_directory_sync) {
  testing::FaultFiles files(memory);
  const auto spool = *Spool::open({.directory = directory}, files);
  const auto appends = files.appends();
  const auto syncs = files.syncs();
  const auto directory_syncs = files.directory_syncs();
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), {numbers(0, 1)}));
  EXPECT_EQ(files.appends() - appends, 1U);
  EXPECT_EQ(files.syncs() - syncs, 1U);
  EXPECT_EQ(files.directory_syncs() - directory_syncs, 1U);
}

TEST_F(SpoolTest, an_unsealed_result_is_not_there_and_leaves_nothing) {
  const auto spool = open({.chunk_rows_max = 10});
  {
    auto writer = *spool->create(query_id(1), number_schema());
    ASSERT_TRUE(writer->append(numbers(0, 100)));
    EXPECT_EQ(writer->rows(), 100U);
    EXPECT_GT(spool->bytes_used(), 0U);
    EXPECT_EQ(spool->read(query_id(1)).error().code, Errc::not_found);
    EXPECT_EQ(spool->create(query_id(1), number_schema()).error().code, Errc::conflict);
  }
  EXPECT_EQ(spool->read(query_id(1)).error().code, Errc::not_found);
  EXPECT_EQ(spool->bytes_used(), 0U);
  EXPECT_EQ(memory.bytes_used(), 0U);
  EXPECT_TRUE(spool->create(query_id(1), number_schema()));
}

TEST_F(SpoolTest, a_sealed_result_is_never_written_again) {
  const auto spool = open();
  auto writer = *spool->create(query_id(1), number_schema());
  ASSERT_TRUE(writer->append(numbers(0, 3)));
  ASSERT_TRUE(writer->seal(false));
  EXPECT_EQ(writer->append(numbers(0, 3)).error().code, Errc::conflict);
  EXPECT_EQ(writer->seal(false).error().code, Errc::conflict);
  writer.reset();
  EXPECT_EQ(spool->create(query_id(1), number_schema()).error().code, Errc::conflict);
  EXPECT_EQ((*spool->read(query_id(1)))->manifest().rows, 3U);
}

TEST_F(SpoolTest, rows_of_another_schema_end_the_result) {
  const auto spool = open();
  auto writer = *spool->create(query_id(1), number_schema());
  EXPECT_EQ(writer->append(sample_rows(0, 1)).error().code, Errc::invalid_argument);
  EXPECT_EQ(writer->seal(false).error().code, Errc::invalid_argument);
}

TEST_F(SpoolTest, a_reader_outlives_the_removal_and_its_streams_outlive_the_reader) {
  const auto spool = open({.chunk_rows_max = 10});
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), {numbers(0, 100)}));
  auto reader = *spool->read(query_id(1));
  const auto stream = reader->rows(0, 100);
  ASSERT_TRUE(spool->remove(query_id(1)));
  ASSERT_TRUE(spool->remove(query_id(1)));
  EXPECT_EQ(spool->read(query_id(1)).error().code, Errc::not_found);
  reader.reset();
  EXPECT_TRUE(read_all(*stream, number_schema())->Equals(*numbers(0, 100)));
}

TEST_F(SpoolTest, the_sweep_removes_what_nobody_wants_and_leaves_strange_files_alone) {
  const std::byte junk[10] = {};
  memory.put(partial_path(directory, query_id(7)), junk);
  memory.put(directory / "07" / "notes.txt", junk);
  memory.put(directory / "08" / (query_id(7).to_string() + ".result"), junk);
  auto spool = open();
  EXPECT_EQ(spool->bytes_used(), 10U);
  const auto kept = store(*spool, query_id(1), number_schema(), {numbers(0, 5)});
  const auto orphan = store(*spool, query_id(2), number_schema(), {numbers(0, 5)});
  ASSERT_TRUE(kept && orphan);
  spool = open();
  EXPECT_EQ(spool->bytes_used(), 10 + kept->bytes + orphan->bytes);
  const auto swept = spool->sweep([](QueryId query) { return query == query_id(1); });
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->unfinished, 1U);
  EXPECT_EQ(swept->orphans, 1U);
  EXPECT_EQ(swept->bytes, 10 + orphan->bytes);
  EXPECT_EQ(spool->bytes_used(), kept->bytes);
  EXPECT_TRUE(spool->read(query_id(1)));
  EXPECT_EQ(memory.bytes_used(), kept->bytes + 20);
}

TEST(SpoolOnDisk, many_threads_write_read_and_remove_at_once) {
  const auto place = std::filesystem::temp_directory_path() / ("coatcheck-spool-" + make_query_id({}).to_string());
  {
    const auto spool = *Spool::open({.directory = place, .chunk_rows_max = 100}, disk());
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t) {
      threads.emplace_back([&spool, t] {
        for (int i = 0; i != 10; ++i) {
          const QueryId query = query_id(t * 100 + i);
          ASSERT_TRUE(store(*spool, query, sample_schema(), {sample_rows(t, 250)}));
          const auto reader = *spool->read(query);
          const auto stream = reader->rows(90, 120);
          EXPECT_TRUE(read_all(*stream, sample_schema())->Equals(*sample_rows(t + 90, 120)));
          EXPECT_GE(reader->file().descriptor(), 0);
          if (i % 2 == 0) {
            EXPECT_TRUE(spool->remove(query));
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    const auto reopened = *Spool::open({.directory = place}, disk());
    EXPECT_EQ(reopened->bytes_used(), spool->bytes_used());
    EXPECT_GT(reopened->bytes_used(), 0U);
  }
  std::filesystem::remove_all(place);
}

}  // namespace
}  // namespace coatcheck::results
