#include "api/snowflake_sql_api/answer_form.hpp"

#include <string_view>

#include "api/snowflake/request_key.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

constexpr std::string_view without_null = "\nnullable=false";

}  // namespace

std::string fingerprint_with(const Statement& statement, const AnswerForm& form) {
  std::string fingerprint = snowflake::fingerprint_of(statement);
  if (!form.nullable) fingerprint += without_null;
  return fingerprint;
}

AnswerForm form_of(const journal::Submission& submission) {
  const std::string_view fingerprint = submission.fingerprint;
  const bool has_form = fingerprint.size() > snowflake::fingerprint_bytes;
  return {.nullable = !has_form || fingerprint.substr(snowflake::fingerprint_bytes) != without_null};
}

}  // namespace coatcheck::api::snowflake_sql_api
