#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/snowflake_sql_api/answer_form.hpp"
#include "base/result.hpp"
#include "rows/encoder.hpp"

namespace coatcheck::api::snowflake_sql_api {

// Returns an encoder whose document is the rows as they stand in `data`, `["1",null],["2","x"]`, between `prefix` and
// `suffix`. Errors as make_rowset_encoder (rows/snowflake/encoders.hpp).
Result<std::unique_ptr<rows::Encoder>> make_partition_encoder(const rows::Schema& schema, AnswerForm form,
                                                              std::string prefix = {}, std::string suffix = {});

// Appends `rows`, JSON in which every value is a string or null, with "null" for null.
void append_with_null_texts(std::string_view rows, std::string& out);

}  // namespace coatcheck::api::snowflake_sql_api
