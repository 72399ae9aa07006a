#include "warehouse/trino/page.hpp"

#include <arrow/result.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

namespace coatcheck::warehouse::trino {
namespace {

TEST(ReadPage, reads_what_trino_says) {
  auto page = read_page(R"({"id":"20261123_1","infoUri":"http://x/ui","nextUri":"http://x/v1/1",
    "columns":[{"name":"a","type":"bigint","typeSignature":{"rawType":"bigint","arguments":[]}}],
    "data":[[1],[2]],
    "stats":{"state":"RUNNING","queued":false,"progressPercentage":57.25,"rootStage":{"subStages":[]}},
    "warnings":[]})");
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->id, "20261123_1");
  EXPECT_EQ(page->next_uri, "http://x/v1/1");
  EXPECT_EQ(page->state, "RUNNING");
  EXPECT_DOUBLE_EQ(page->progress.value(), 0.5725);
  ASSERT_TRUE(page->columns);
  EXPECT_EQ(page->columns->at(0).name, "a");
  EXPECT_EQ(page->rows(), "[[1],[2]]");
  EXPECT_FALSE(page->error);
  EXPECT_FALSE(page->update_count);
  auto moved = std::move(*page);
  EXPECT_EQ(moved.rows(), "[[1],[2]]");
}

TEST(ReadPage, writes_say_what_they_did) {
  auto page = read_page(R"({"id":"q","columns":[],"updateType":"INSERT","updateCount":9007199254740993,"stats":{}})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->update_type, "INSERT");
  EXPECT_EQ(page->update_count, 9'007'199'254'740'993);
  EXPECT_TRUE(page->next_uri.empty());
  EXPECT_TRUE(page->rows().empty());
}

TEST(ReadPage, errors_have_their_name_type_and_place) {
  auto page = read_page(R"({"id":"q","stats":{"state":"FAILED"},"error":{"message":"line 2:7: no","errorCode":46,
    "errorName":"TABLE_NOT_FOUND","errorType":"USER_ERROR","errorLocation":{"lineNumber":2,"columnNumber":7},
    "failureInfo":{"type":"x","suppressed":[],"stack":["a","b"]}}})");
  ASSERT_TRUE(page);
  ASSERT_TRUE(page->error);
  EXPECT_EQ(page->error->name, "TABLE_NOT_FOUND");
  EXPECT_EQ(page->error->type, "USER_ERROR");
  EXPECT_EQ(page->error->message, "line 2:7: no");
  EXPECT_EQ(page->error->line, 2U);
  EXPECT_EQ(page->error->column, 7U);
}

TEST(ReadPage, segments_are_here_or_elsewhere) {
  auto page = read_page(R"({"id":"q","data":{"encoding":"json+zstd","metadata":{},"segments":[
    {"type":"inline","data":"W10=","metadata":{"rowOffset":0,"rowsCount":0,"segmentSize":2}},
    {"type":"spooled","uri":"https://s/1","ackUri":"https://s/2","headers":{"x-key":["1","2"]},
     "metadata":{"segmentSize":100,"uncompressedSize":"1000"}}]}})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->encoding, "json+zstd");
  ASSERT_EQ(page->segments.size(), 2U);
  EXPECT_FALSE(page->segments[0].spooled);
  EXPECT_EQ(page->segments[0].data, "W10=");
  EXPECT_FALSE(page->segments[0].uncompressed_bytes);
  EXPECT_TRUE(page->segments[1].spooled);
  EXPECT_EQ(page->segments[1].uri, "https://s/1");
  EXPECT_EQ(page->segments[1].ack_uri, "https://s/2");
  EXPECT_EQ(page->segments[1].uncompressed_bytes, 1000U);
  ASSERT_EQ(page->segments[1].headers.size(), 2U);
  EXPECT_EQ(page->segments[1].headers[1], std::pair(std::string("x-key"), std::string("2")));
  EXPECT_TRUE(page->rows().empty());
}

TEST(ReadPage, anything_else_is_refused) {
  std::string deep = R"({"rawType":"bigint","arguments":[]})";
  for (int i = 0; i < 30; ++i) deep = R"({"rawType":"array","arguments":[{"kind":"TYPE","value":)" + deep + "}]}";
  for (const std::string& body :
       {std::string(), std::string("null"), std::string("[]"), std::string("<html>"), std::string(R"({"id":"q")"),
        std::string(R"({"id":"q"} x)"), std::string(R"({"columns":[1]})"), std::string(R"({"columns":[{"name":"a"}]})"),
        std::string(R"({"columns":[{"name":"a","typeSignature":{"rawType":""}}]})"),
        R"({"columns":[{"name":"a","typeSignature":)" + deep + "}]}"}) {
    EXPECT_FALSE(read_page(body)) << body;
  }
}

TEST(ReadPage, members_of_another_kind_are_no_trouble) {
  auto page = read_page(
      R"({"id":1,"nextUri":null,"columns":null,"data":null,"error":null,"stats":[],"updateType":{},"updateCount":"x"})");
  ASSERT_TRUE(page);
  EXPECT_FALSE(page->columns);
  EXPECT_FALSE(page->error);
  EXPECT_TRUE(page->next_uri.empty());
}

std::string packed(arrow::Compression::type kind, const std::string& text) {
  auto codec = arrow::util::Codec::Create(kind).ValueOrDie();
  const auto* input = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int64_t>(text.size());
  std::string out(static_cast<std::size_t>(codec->MaxCompressedLen(size, input)), '\0');
  out.resize(static_cast<std::size_t>(
      codec->Compress(size, input, static_cast<std::int64_t>(out.size()), reinterpret_cast<std::uint8_t*>(out.data()))
          .ValueOrDie()));
  return out;
}

TEST(Unpacked, segments_are_what_they_were) {
  const std::string text(100'000, 'x');
  auto zstd = unpacked(packed(arrow::Compression::ZSTD, text), "json+zstd", text.size(), 1'000'000);
  ASSERT_TRUE(zstd) << zstd.error().message;
  EXPECT_EQ(*zstd, text);
  auto lz4 = unpacked(packed(arrow::Compression::LZ4, text), "json+lz4", text.size(), 1'000'000);
  ASSERT_TRUE(lz4) << lz4.error().message;
  EXPECT_EQ(*lz4, text);
  EXPECT_EQ(*unpacked("[]", "json+zstd", std::nullopt, 10), "[]");
}

TEST(Unpacked, no_segment_is_larger_than_it_says_or_may_be) {
  const std::string text(100'000, 'x');
  const auto bytes = packed(arrow::Compression::ZSTD, text);
  EXPECT_FALSE(unpacked(bytes, "json+zstd", text.size(), 99'999));
  EXPECT_FALSE(unpacked(bytes, "json+zstd", text.size() - 1, 1'000'000));
  EXPECT_FALSE(unpacked(bytes, "json+zstd", text.size() + 1, 1'000'000));
  EXPECT_FALSE(unpacked(bytes, "json+lz4", text.size(), 1'000'000));
  EXPECT_FALSE(unpacked(bytes, "json+new", text.size(), 1'000'000));
  EXPECT_FALSE(unpacked("garbage", "json+zstd", 10, 1'000'000));
}

}  // namespace
}  // namespace coatcheck::warehouse::trino
