#include "warehouse/adbc/parameters.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace coatcheck::warehouse::adbc {
namespace {

using Cells = std::vector<Parameter>;

std::string type_of(const Cells& cells, const ExpectedTypes& expected = {}, std::size_t width = 1) {
  auto batch = to_batch(cells, width, expected);
  return batch ? (*batch)->schema()->field(0)->type()->ToString() : batch.error().message;
}

std::string value_of(const Cells& cells, const ExpectedTypes& expected = {}) {
  auto batch = to_batch(cells, 1, expected);
  return batch ? (*(*batch)->column(0)->GetScalar(0))->ToString() : batch.error().message;
}

TEST(Parameters, values_speak_for_themselves) {
  EXPECT_EQ(type_of({{.value = true}}), "bool");
  EXPECT_EQ(type_of({{.value = std::int64_t{1}}}), "int64");
  EXPECT_EQ(type_of({{.value = std::uint64_t{1}}}), "int64");
  EXPECT_EQ(type_of({{.value = 1.5}}), "double");
  EXPECT_EQ(type_of({{.value = std::string("x")}}), "string");
  EXPECT_EQ(value_of({{.value = UINT64_MAX}}), "18446744073709551615");
}

TEST(Parameters, a_text_that_names_its_type_becomes_exactly_that) {
  EXPECT_EQ(value_of({{.type = "decimal(10,2)", .value = std::string("1.50")}}), "1.50");
  EXPECT_EQ(value_of({{.type = "NUMERIC", .value = std::string("12345678901234567890.123")}}),
            "12345678901234567890.123");
  EXPECT_EQ(value_of({{.type = "DATE", .value = std::string("2026-11-22")}}), "2026-11-22");
  EXPECT_EQ(value_of({{.type = "TIMESTAMP", .value = std::string("2026-11-22T13:45:00.123456")}}),
            "2026-11-22 13:45:00.123456");
  EXPECT_EQ(type_of({{.type = "TIMESTAMPTZ", .value = std::string("2026-11-22T13:45:00Z")}}), "timestamp[us, tz=UTC]");
  EXPECT_EQ(type_of({{.type = "TIME", .value = std::string("13:45:00")}}), "time64[us]");
  EXPECT_EQ(type_of({{.type = "BLOB", .value = std::string("AP8=")}}), "binary");
}

TEST(Parameters, a_text_that_is_not_of_its_type_is_refused_by_its_place) {
  EXPECT_EQ(type_of({{.type = "DATE", .value = std::string("tomorrow")}}),
            "Parameter 1: its text is not a date32[day]");
  EXPECT_EQ(type_of({{.type = "DECIMAL(4,2)", .value = std::string("1.505")}}),
            "Parameter 1: its number does not fit decimal128(4, 2) exactly");
  EXPECT_EQ(type_of({{.type = "INTEGER", .value = std::string("1")}, {.type = "INTEGER", .value = std::string("x")}}),
            "Parameter 1 (row 2 of 2): its text is not a int32");
  EXPECT_EQ(type_of({{.type = "GEOGRAPHY", .value = std::string("x")}}),
            "Parameter 1: there is no type 'GEOGRAPHY' here");
  EXPECT_EQ(type_of({{.value = std::string("\xFF")}}), "Parameter 1: its text is not valid UTF-8");
  EXPECT_EQ(type_of({{.name = "a", .value = true}}), "Parameters of this warehouse are positional: it takes no names.");
}

TEST(Parameters, a_text_without_a_type_is_read_as_what_is_expected) {
  EXPECT_EQ(type_of({{.value = std::string("2026-11-22")}}, {arrow::date32()}), "date32[day]");
  EXPECT_EQ(type_of({{.value = std::string("x")}}, {arrow::utf8()}), "string");
  EXPECT_EQ(type_of({{.value = std::string("x")}}, {arrow::null()}), "string");
  EXPECT_EQ(type_of({{.value = std::int64_t{5}}}, {arrow::date32()}), "int64");
}

TEST(Parameters, null_is_of_the_type_of_its_column) {
  EXPECT_EQ(type_of({{}}, {arrow::int32()}), "int32");
  EXPECT_EQ(type_of({{}, {.value = 1.5}}), "double");
  EXPECT_EQ(type_of({{}}), "string");
}

TEST(Parameters, rows_become_columns) {
  auto batch = to_batch(Cells{{.value = std::int64_t{1}}, {.value = std::string("a")}, {.value = 2.5}, {}}, 2, {});
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ((*batch)->num_rows(), 2);
  EXPECT_EQ((*batch)->column(0)->type_id(), arrow::Type::DOUBLE);
  EXPECT_EQ((*batch)->column(1)->null_count(), 1);
}

}  // namespace
}  // namespace coatcheck::warehouse::adbc
