#include <arrow/api.h>
#include <gmock/gmock.h>

#include <limits>

#include "warehouse/conformance/connector_suite.hpp"

namespace coatcheck::warehouse {
namespace {

using ::testing::UnorderedElementsAre;
using Texts = std::vector<std::string>;

TEST_P(ConnectorConformance, values_arrive_as_they_are_and_null_beside_them) {
  for (const auto& [type, text, arrow_type, arrow_text] : GetParam().values) {
    const auto null = "SELECT CAST(NULL AS " + type + ") AS v";
    auto both =
        drain(loop_, *connector_, {.text = "SELECT CAST('" + text + "' AS " + type + ") AS v UNION ALL " + null});
    ASSERT_TRUE(both) << type << ": " << both.error().message;
    EXPECT_EQ(both->schema->field(0)->type()->ToString(), arrow_type) << type;
    EXPECT_THAT(texts_in(*both), UnorderedElementsAre(arrow_text, "NULL")) << type;
    for (const auto& batch : both->batches) EXPECT_TRUE(batch->ValidateFull().ok()) << type;

    auto alone = drain(loop_, *connector_, {.text = null});
    ASSERT_TRUE(alone) << type << ": " << alone.error().message;
    const auto& expected = GetParam().arrow_type_of_null.empty() ? arrow_type : GetParam().arrow_type_of_null;
    EXPECT_EQ(alone->schema->field(0)->type()->ToString(), expected) << type;
    EXPECT_EQ(texts_in(*alone), Texts{"NULL"}) << type;
  }
}

TEST_P(ConnectorConformance, parameters_arrive_as_they_are) {
  for (const std::string text : {"", "it's", "''", "\\'", "'; DROP TABLE x; --", "?", "$1", ":a", "a\nb\t\"c\"",
                                 "\xC3\xA4\xF0\x9F\x98\x80", "/* */ -- '"}) {
    auto drained = drain(loop_, *connector_, {.text = GetParam().echo_text, .parameters = {{.value = text}}});
    ASSERT_TRUE(drained) << text << ": " << drained.error().message;
    EXPECT_EQ(texts_in(*drained), Texts{text});
  }
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()}) {
    auto drained = drain(loop_, *connector_, {.text = GetParam().echo_number, .parameters = {{.value = number}}});
    ASSERT_TRUE(drained) << number << ": " << drained.error().message;
    EXPECT_EQ(texts_in(*drained), Texts{std::to_string(number)});
  }
  for (const auto& text : {GetParam().echo_text, GetParam().echo_number}) {
    auto drained = drain(loop_, *connector_, {.text = text, .parameters = {Parameter{}}});
    ASSERT_TRUE(drained) << text << ": " << drained.error().message;
    EXPECT_EQ(texts_in(*drained), Texts{"NULL"});
  }
}

TEST_P(ConnectorConformance, a_wrong_number_of_parameters_is_the_statements_fault) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{2}}) {
    const std::vector<Parameter> parameters(count, {.value = std::int64_t{1}});
    auto drained = drain(loop_, *connector_, {.text = GetParam().echo_number, .parameters = parameters});
    ASSERT_FALSE(drained) << count << " parameters";
    EXPECT_EQ(drained.error().category, FailureCategory::statement) << drained.error().message;
  }
}

TEST_P(ConnectorConformance, rows_of_parameters_are_refused_by_what_changes_nothing) {
  const ParameterRows rows(1, {{.value = std::int64_t{1}}, {.value = std::int64_t{2}}});
  auto drained = drain(loop_, *connector_, {.text = GetParam().one_row, .parameters = {}, .parameter_rows = rows});
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().category, FailureCategory::statement);
}

}  // namespace
}  // namespace coatcheck::warehouse
