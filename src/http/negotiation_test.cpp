// The fields in which client and server agree on what is sent: Accept, Accept-Encoding, Range, ETags, Prefer.
#include <gmock/gmock.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "http/accept.hpp"
#include "http/content_coding.hpp"
#include "http/etag.hpp"
#include "http/field_text.hpp"
#include "http/media_type.hpp"
#include "http/prefer.hpp"
#include "http/range.hpp"

namespace coatcheck::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(FieldText, splits_lists_but_not_inside_quotes) {
  EXPECT_THAT(*split_outside_quotes(R"( a ,, "b,\"c" ,d)", ','), ElementsAre("a", R"("b,\"c")", "d"));
  EXPECT_FALSE(split_outside_quotes("\"a", ','));
  EXPECT_FALSE(split_outside_quotes("\"a\\\"", ','));
}

TEST(FieldText, refuses_endless_lists) {
  std::string list;
  for (std::size_t i = 0; i != list_elements_max; ++i) list += "a,";
  EXPECT_TRUE(split_outside_quotes(list, ','));
  EXPECT_FALSE(split_outside_quotes(list + "a", ','));
}

TEST(Accept, takes_the_heaviest_of_what_is_offered) {
  const std::array<std::string_view, 3> offered = {"application/json", "text/csv",
                                                   "application/vnd.apache.arrow.stream"};
  EXPECT_THAT(choose_media_type("", offered), Optional(0U));
  EXPECT_THAT(choose_media_type("*/*", offered), Optional(0U));
  EXPECT_THAT(choose_media_type("text/*", offered), Optional(1U));
  EXPECT_THAT(choose_media_type("application/json;q=0.5, text/csv", offered), Optional(1U));
  EXPECT_THAT(choose_media_type("TEXT/CSV; charset=utf-8; q=0.1", offered), Optional(1U));
  EXPECT_THAT(choose_media_type("*/*, application/json;q=0", offered), Optional(1U));
  EXPECT_THAT(choose_media_type("application/*;q=0.2, */*;q=0.1, application/json;q=0.05", offered), Optional(2U));
}

TEST(Accept, takes_nothing_if_nothing_is_wanted) {
  const std::array<std::string_view, 1> offered = {"application/json"};
  for (const char* accept :
       {"text/html", "application/json;q=0", "application/json;q=2", "application/json;q=0.1234", "\""}) {
    EXPECT_FALSE(choose_media_type(accept, offered)) << accept;
  }
}

TEST(ContentCoding, is_chosen_by_weight_then_by_ours) {
  EXPECT_THAT(choose_coding(""), Optional(ContentCoding::identity));
  EXPECT_THAT(choose_coding("gzip, zstd"), Optional(ContentCoding::zstd));
  EXPECT_THAT(choose_coding("gzip;q=1.0, zstd;q=0.5"), Optional(ContentCoding::gzip));
  EXPECT_THAT(choose_coding("br, x-gzip"), Optional(ContentCoding::gzip));
  EXPECT_THAT(choose_coding("*"), Optional(ContentCoding::zstd));
  EXPECT_THAT(choose_coding("*, zstd;q=0"), Optional(ContentCoding::gzip));
  EXPECT_THAT(choose_coding("br"), Optional(ContentCoding::identity));
  EXPECT_THAT(choose_coding("identity, gzip;q=0.5"), Optional(ContentCoding::identity));
  EXPECT_THAT(choose_coding("gzip;q=bad"), Optional(ContentCoding::identity));
  EXPECT_THAT(choose_coding("gzip, identity;q=0"), Optional(ContentCoding::gzip));
  EXPECT_FALSE(choose_coding("identity;q=0"));
  EXPECT_FALSE(choose_coding("br, *;q=0"));
}

std::string compressed(ContentCoding coding, const std::string& text, std::size_t step) {
  const auto compressor = create_compressor(coding);
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += step) compressor->append(std::string_view(text).substr(i, step), out);
  compressor->finish(out);
  return out;
}

std::string numbers() {
  std::string text;
  for (int i = 0; i != 100'000; ++i) text += std::to_string(i);
  return text;
}

TEST(Compressor, makes_gzip_that_others_read) {
  const std::string text = numbers();
  const std::string made = compressed(ContentCoding::gzip, text, 10'007);
  EXPECT_LT(made.size(), text.size() / 2);
  std::string read(text.size() + 1, '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<const Bytef*>(made.data());
  stream.avail_in = static_cast<uInt>(made.size());
  stream.next_out = reinterpret_cast<Bytef*>(read.data());
  stream.avail_out = static_cast<uInt>(read.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  read.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_TRUE(read == text);
}

TEST(Compressor, makes_zstd_that_others_read) {
  const std::string text = numbers();
  const std::string made = compressed(ContentCoding::zstd, text, 10'007);
  EXPECT_LT(made.size(), text.size() / 2);
  // Windows larger than 8 MiB may be refused by clients (RFC 9659).
  std::string read(text.size() + 1, '\0');
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23);
  ZSTD_inBuffer in{made.data(), made.size(), 0};
  ZSTD_outBuffer out{read.data(), read.size(), 0};
  EXPECT_EQ(ZSTD_decompressStream(context, &out, &in), 0U);
  ZSTD_freeDCtx(context);
  read.resize(out.pos);
  EXPECT_TRUE(read == text);
}

TEST(Compressor, copies_for_identity_and_ends_what_is_empty) {
  EXPECT_EQ(compressed(ContentCoding::identity, "abc", 2), "abc");
  EXPECT_EQ(compressed(ContentCoding::identity, "", 2), "");
  EXPECT_NE(compressed(ContentCoding::gzip, "", 2), "");
  EXPECT_NE(compressed(ContentCoding::zstd, "", 2), "");
}

TEST(ETag, is_compared_weakly_for_if_none_match) {
  for (const char* field : {"*", "\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\",", "\"x,\\\",\"a\""}) {
    EXPECT_TRUE(if_none_match_holds(field, "\"a\"")) << field;
    EXPECT_TRUE(if_none_match_holds(field, "W/\"a\"")) << field;
  }
  for (const char* field : {"", "a", "\"b\"", "\"a", "\"a\" \"b\"", "\"a\"x", "w/\"a\"", "\"a\", *", "\"A\""}) {
    EXPECT_FALSE(if_none_match_holds(field, "\"a\"")) << field;
  }
}

TEST(ETag, is_compared_strongly_for_if_range) {
  EXPECT_TRUE(same_strong_etag("\"a\"", "\"a\""));
  EXPECT_FALSE(same_strong_etag("W/\"a\"", "W/\"a\""));
  EXPECT_FALSE(same_strong_etag("", ""));
}

TEST(Range, selects_one_part) {
  const auto part = [](std::string_view range) {
    const RangeAnswer answer = parse_range(range, 100);
    EXPECT_EQ(answer.kind, RangeAnswer::Kind::part) << range;
    return std::pair(answer.first, answer.bytes);
  };
  EXPECT_EQ(part("bytes=0-0"), std::pair(0UL, 1UL));
  EXPECT_EQ(part("bytes=0-99"), std::pair(0UL, 100UL));
  EXPECT_EQ(part("Bytes = 10-1000"), std::pair(10UL, 90UL));
  EXPECT_EQ(part("bytes=99-"), std::pair(99UL, 1UL));
  EXPECT_EQ(part("bytes=-5"), std::pair(95UL, 5UL));
  EXPECT_EQ(part("bytes=-500"), std::pair(0UL, 100UL));
  EXPECT_EQ(part("bytes=1-99999999999999999999999"), std::pair(1UL, 99UL));
}

TEST(Range, tells_what_cannot_be_satisfied_from_what_is_to_be_ignored) {
  for (const char* range : {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"}) {
    EXPECT_EQ(parse_range(range, 100).kind, RangeAnswer::Kind::unsatisfiable) << range;
  }
  for (const char* range : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1-2,3-4", "rows=1-2",
                            "bytes=1", "bytes=+1-2", "bytes=1 - 2", "bytes=--1"}) {
    EXPECT_EQ(parse_range(range, 100).kind, RangeAnswer::Kind::whole) << range;
  }
  EXPECT_EQ(parse_range("bytes=0-", 0).kind, RangeAnswer::Kind::unsatisfiable);
  const auto most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(parse_range("bytes=0-18446744073709551615", most).bytes, most);
}

Response alphabet() {
  Response response;
  std::vector<Segment> segments;
  segments.emplace_back(std::string("abcd"));
  segments.emplace_back(FileSlice{.descriptor = 7, .offset = 1000, .bytes = 20});
  segments.emplace_back(std::string("yz"));
  response.body = std::move(segments);
  return response;
}

TEST(Range, cuts_segments) {
  Request request;
  request.fields = {{"Range", "bytes=2-10"}, {"If-Range", "\"v\""}};
  Response response = alphabet();
  apply_range(request, "\"v\"", response);
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.fields.back().value, "bytes 2-10/26");
  const auto& segments = std::get<std::vector<Segment>>(response.body);
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(std::get<std::string>(segments[0]), "cd");
  EXPECT_EQ(std::get<FileSlice>(segments[1]).offset, 1000U);
  EXPECT_EQ(std::get<FileSlice>(segments[1]).bytes, 7U);
}

TEST(Range, answers_416_with_the_length) {
  Request request;
  request.fields = {{"Range", "bytes=26-"}};
  Response response = alphabet();
  apply_range(request, "\"v\"", response);
  EXPECT_EQ(response.status, 416);
  EXPECT_EQ(response.fields.front().value, "bytes */26");
}

TEST(Range, leaves_alone_what_it_does_not_apply_to) {
  for (const auto& [verb, if_range, status] :
       std::initializer_list<std::tuple<Verb, const char*, int>>{{Verb::head, "\"v\"", 200},
                                                                 {Verb::get, "\"w\"", 200},
                                                                 {Verb::get, "W/\"v\"", 200},
                                                                 {Verb::get, "\"v\"", 404}}) {
    Request request;
    request.verb = verb;
    request.fields = {{"Range", "bytes=0-1"}, {"If-Range", if_range}};
    Response response = alphabet();
    response.status = status;
    apply_range(request, "\"v\"", response);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(std::get<std::vector<Segment>>(response.body).size(), 3U);
  }
}

TEST(Prefer, reads_wait_and_respond_async) {
  EXPECT_EQ(parse_prefer("wait=30, respond-async").wait, std::chrono::seconds(30));
  EXPECT_TRUE(parse_prefer("wait=30, Respond-Async").respond_async);
  EXPECT_EQ(parse_prefer("foo; wait=1, Wait = \"7\" ;x").wait, std::chrono::seconds(7));
  EXPECT_EQ(parse_prefer("wait=1, wait=2").wait, std::chrono::seconds(1));
  for (const char* prefer : {"", "wait", "wait=", "wait=-1", "wait=1s", "wait=1234567890", "\"wait=1", "waiting=1"}) {
    EXPECT_FALSE(parse_prefer(prefer).wait) << prefer;
  }
}

TEST(MediaType, is_read_without_case) {
  EXPECT_EQ(parse_media_type("Application/JSON")->name, "application/json");
  EXPECT_EQ(parse_media_type("text/csv; header=present; Charset=\"UTF-8\"")->charset, "utf-8");
  for (const char* type : {"", ";", "json", "a/", "/b", "a/b/c", "a b/c", "a/b; charset",
                           "a/b; charset=", "a/b;charset=\"", "a/b;charset=x;charset=y"}) {
    EXPECT_FALSE(parse_media_type(type)) << type;
  }
}

}  // namespace
}  // namespace coatcheck::http
