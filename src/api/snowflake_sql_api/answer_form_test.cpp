#include "api/snowflake_sql_api/answer_form.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake_sql_api {
namespace {

journal::Submission submission_with(const AnswerForm& form) {
  journal::Submission submission;
  submission.statement.text = "select 1";
  submission.fingerprint = fingerprint_with(submission.statement, form);
  return submission;
}

TEST(AnswerForm, is_found_again_in_what_was_recorded) {
  EXPECT_EQ(form_of(submission_with({.nullable = true})), AnswerForm{.nullable = true});
  EXPECT_EQ(form_of(submission_with({.nullable = false})), AnswerForm{.nullable = false});
}

TEST(AnswerForm, of_what_came_through_another_door_is_the_usual_one) {
  for (const char* fingerprint : {"", "\nnullable=false", "a hash of another door, longer than ours are: 0123456789"}) {
    journal::Submission submission;
    submission.fingerprint = fingerprint;
    EXPECT_EQ(form_of(submission), AnswerForm{}) << fingerprint;
  }
}

TEST(AnswerForm, another_form_is_another_request) {
  EXPECT_NE(submission_with({.nullable = true}).fingerprint, submission_with({.nullable = false}).fingerprint);
}

}  // namespace
}  // namespace coatcheck::api::snowflake_sql_api
