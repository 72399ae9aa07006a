#pragma once

#include <string>

#include "journal/journal.hpp"

namespace coatcheck::api::snowflake_sql_api {

// How the rows are written, which the client says once, when it submits, and which holds for every partition that is
// ever asked for, by whomever.
struct AnswerForm {
  bool nullable = true;  // False: NULL is the text "null".

  bool operator==(const AnswerForm&) const = default;
};

// The submission's fingerprint: of the statement, and then, in plain text, the form if it is not the usual one. So the
// form is as durable as the query, without a place of its own in the journal, and a retry that asks for another form
// is another request.
std::string fingerprint_with(const Statement& statement, const AnswerForm& form);

// The form that a submission was made with; the usual one for what came through another door.
AnswerForm form_of(const journal::Submission& submission);

}  // namespace coatcheck::api::snowflake_sql_api
