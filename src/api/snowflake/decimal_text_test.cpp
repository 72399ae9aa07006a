#include "api/snowflake/decimal_text.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake {
namespace {

TEST(DecimalText, numbers_are_read_exactly) {
  struct Case {
    const char* text;
    DecimalText decimal;
  };
  const std::string nines(38, '9');
  for (const Case& c : {
           Case{"0", {"0", 1, 0}},
           Case{"-0", {"0", 1, 0}},
           Case{"+5", {"5", 1, 0}},
           Case{"0012", {"12", 2, 0}},
           Case{"12.30", {"12.30", 4, 2}},
           Case{"-0.05", {"-0.05", 2, 2}},
           Case{".5", {"0.5", 1, 1}},
           Case{"5.", {"5", 1, 0}},
           Case{"0.00", {"0.00", 2, 2}},
           Case{"1e+21", {"1000000000000000000000", 22, 0}},
           Case{"1.5E3", {"1500", 4, 0}},
           Case{"1.5E-3", {"0.0015", 4, 4}},
           Case{"0E+99999", {"0", 1, 0}},
           Case{"99999999999999999999999999999999999999", {nines, 38, 0}},
           Case{"1.0000000000000000000000000000000000000000", {"1." + std::string(37, '0'), 38, 37}},
           Case{"1e-38", {"0." + std::string(37, '0') + "1", 38, 38}},
       }) {
    const auto decimal = read_decimal(c.text);
    ASSERT_TRUE(decimal) << c.text;
    EXPECT_EQ(*decimal, c.decimal) << c.text << " " << decimal->text;
  }
}

TEST(DecimalText, anything_else_is_none) {
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("-"), std::string("+-5"), std::string("1e"), std::string("1e+-5"),
        std::string("5 "), std::string(" 5"), std::string("0x5"), std::string("1,5"), std::string("NaN"),
        std::string("1e999999999999"), std::string("1e38"), std::string("1e-39"), std::string(39, '9'),
        std::string("1.") + std::string(37, '0') + "1", std::string(2000, '0')}) {
    EXPECT_EQ(read_decimal(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace coatcheck::api::snowflake
