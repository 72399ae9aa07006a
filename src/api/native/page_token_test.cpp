#include "api/native/page_token.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::native {
namespace {

const QueryId id = *QueryId::parse("01932c5e-7f00-7abc-8def-0123456789ab");

TEST(PageToken, leads_back_to_where_the_page_begins) {
  const auto parsed = parse_page_token(make_page_token(id, "status=FAILED"), "status=FAILED");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, id);
}

TEST(PageToken, is_refused_under_other_filters) {
  const auto parsed = parse_page_token(make_page_token(id, "status=FAILED"), "status=QUEUED");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
  EXPECT_EQ(parsed.error().field, "page_token");
}

TEST(PageToken, is_refused_if_any_character_was_changed_or_cut) {
  const std::string token = make_page_token(id, "");
  for (std::size_t i = 0; i != token.size(); ++i) {
    std::string changed = token;
    changed[i] = '~';
    EXPECT_FALSE(parse_page_token(changed, "")) << i;
    EXPECT_FALSE(parse_page_token(token.substr(0, i), "")) << i;
  }
  EXPECT_FALSE(parse_page_token(token + "0", ""));
}

}  // namespace
}  // namespace coatcheck::api::native
