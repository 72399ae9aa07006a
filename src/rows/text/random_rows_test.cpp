#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

#include "rows/testing/rows_of.hpp"

namespace coatcheck::rows {
namespace {

using testing::check;
using testing::value_or_throw;

// One random row as we know it. What Boost.JSON reads back must be the same.
struct Row {
  std::int64_t integer = 0;
  std::uint64_t natural = 0;
  double number = 0;
  float small = 0;
  std::string text;
  bool truth = false;
  unsigned nulls = 0;  // A bit for each column.
};

double random_double(std::mt19937_64& random) {
  double value;
  switch (random() % 4) {
    case 0: return static_cast<double>(static_cast<std::int64_t>(random() % 2'000'001) - 1'000'000);
    case 1: return static_cast<double>(random() % 100'000'000'000'000'000) / std::pow(10.0, random() % 12);
    case 2: return std::round(static_cast<double>(random() % 1'000'000'000) / 3.0) / 100.0;
    default: break;
  }
  do {
    const std::uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof(value));
  } while (!std::isfinite(value));
  return value;
}

float random_float(std::mt19937_64& random) {
  float value;
  do {
    const auto bits = static_cast<std::uint32_t>(random());
    std::memcpy(&value, &bits, sizeof(value));
  } while (!std::isfinite(value));
  return value;
}

std::string random_text(std::mt19937_64& random) {
  const std::string alphabet[] = {"a",
                                  "Z",
                                  "0",
                                  " ",
                                  "\"",
                                  "\\",
                                  ",",
                                  "\n",
                                  "\r",
                                  std::string(1, '\0'),
                                  "\x1b",
                                  "\x7f",
                                  "\xC3\xBC",
                                  "\xE2\x82\xAC",
                                  "\xF0\x9F\x98\x80",
                                  "plain words "};
  std::string text;
  for (std::uint64_t i = random() % 24; i > 0; --i) text += alphabet[random() % std::size(alphabet)];
  return text;
}

std::vector<Row> random_rows(std::mt19937_64& random, std::size_t count) {
  std::vector<Row> rows(count);
  for (Row& row : rows) {
    row.integer = static_cast<std::int64_t>(random() >> random() % 64);
    if (random() % 2 == 0) row.integer = -row.integer;
    row.natural = random() >> random() % 64;
    row.number = random_double(random);
    row.small = random_float(random);
    row.text = random_text(random);
    row.truth = random() % 2 == 0;
    row.nulls = static_cast<unsigned>(random() & random() & 63);
  }
  return rows;
}

Batch to_batch(const std::vector<Row>& rows) {
  arrow::Int64Builder integer;
  arrow::UInt64Builder natural;
  arrow::DoubleBuilder number;
  arrow::FloatBuilder small;
  arrow::StringBuilder text;
  arrow::BooleanBuilder truth;
  for (const Row& row : rows) {
    check((row.nulls & 1) != 0 ? integer.AppendNull() : integer.Append(row.integer));
    check((row.nulls & 2) != 0 ? natural.AppendNull() : natural.Append(row.natural));
    check((row.nulls & 4) != 0 ? number.AppendNull() : number.Append(row.number));
    check((row.nulls & 8) != 0 ? small.AppendNull() : small.Append(row.small));
    check((row.nulls & 16) != 0 ? text.AppendNull() : text.Append(row.text));
    check((row.nulls & 32) != 0 ? truth.AppendNull() : truth.Append(row.truth));
  }
  return testing::batch({{"integer", value_or_throw(integer.Finish())},
                         {"natural", value_or_throw(natural.Finish())},
                         {"number", value_or_throw(number.Finish())},
                         {"small", value_or_throw(small.Finish())},
                         {"text", value_or_throw(text.Finish())},
                         {"truth", value_or_throw(truth.Finish())}});
}

void expect_same(const boost::json::object& read, const Row& row) {
  ASSERT_EQ(read.size(), 6U);
  for (unsigned i = 0; i < 6; ++i) ASSERT_EQ((read.begin() + i)->value().is_null(), (row.nulls >> i & 1) != 0);
  if (!read.at("integer").is_null()) {
    EXPECT_EQ(read.at("integer").to_number<std::int64_t>(), row.integer);
  }
  if (!read.at("natural").is_null()) {
    EXPECT_EQ(read.at("natural").to_number<std::uint64_t>(), row.natural);
  }
  // Boost.JSON 1.81 is off by some units in the last place, so the digits are checked by strtod instead.
  if (!read.at("number").is_null()) {
    EXPECT_TRUE(read.at("number").is_double());
  }
  if (!read.at("small").is_null()) {
    EXPECT_TRUE(read.at("small").is_double());
  }
  if (!read.at("text").is_null()) {
    EXPECT_EQ(read.at("text").as_string(), row.text);
  }
  if (!read.at("truth").is_null()) {
    EXPECT_EQ(read.at("truth").as_bool(), row.truth);
  }
}

// Returns what stands after "name": in a line of NDJSON.
std::string_view token(std::string_view line, std::string_view name) {
  const std::size_t at = line.find("\"" + std::string(name) + "\":") + name.size() + 3;
  return line.substr(at, line.find_first_of(",}", at) - at);
}

void expect_exact(std::string_view line, const Row& row) {
  if ((row.nulls & 4) == 0) {
    const std::string digits(token(line, "number"));
    EXPECT_EQ(std::strtod(digits.c_str(), nullptr), row.number) << digits;
    EXPECT_EQ(std::signbit(std::strtod(digits.c_str(), nullptr)), std::signbit(row.number));
    EXPECT_NE(digits.find_first_of(".e"), std::string::npos) << digits;
    // The fewest digits with which printf's text reads back are as many as ours.
    char shortest[40];
    int precision = 1;
    do {
      std::snprintf(shortest, sizeof(shortest), "%.*e", precision - 1, row.number);
    } while (std::strtod(shortest, nullptr) != row.number && ++precision <= 17);
    std::string significant;
    for (const char c : digits.substr(0, digits.find('e'))) {
      if (c >= '0' && c <= '9' && (c != '0' || !significant.empty())) significant += c;
    }
    while (!significant.empty() && significant.back() == '0') significant.pop_back();
    // Integers past 2^53 are written out to the last digit, which may be more.
    if (std::fabs(row.number) < 9007199254740992.0) {
      EXPECT_LE(significant.size(), static_cast<std::size_t>(precision));
    }
  }
  if ((row.nulls & 8) == 0) {
    const std::string digits(token(line, "small"));
    EXPECT_EQ(std::strtof(digits.c_str(), nullptr), row.small) << digits;
  }
}

TEST(RandomRows, ndjson_reads_back_as_what_was_written) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::vector<Row> rows = random_rows(random, 500);
    // A slice that begins in the middle of a byte of the bitmaps.
    const std::size_t skip = random() % 70;
    const Batch slice = to_batch(rows)->Slice(static_cast<std::int64_t>(skip));
    const std::string text = testing::encode(Format::ndjson, {slice});
    std::size_t at = 0;
    for (std::size_t i = skip; i < rows.size(); ++i) {
      const std::string_view line(text.data() + at, text.find('\n', at) - at);
      expect_same(boost::json::parse({line.data(), line.size()}).as_object(), rows[i]);
      expect_exact(line, rows[i]);
      at += line.size() + 1;
    }
    EXPECT_EQ(at, text.size());
  }
}

}  // namespace
}  // namespace coatcheck::rows
