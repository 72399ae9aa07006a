#pragma once

#include <memory>
#include <string>

#include "api/snowflake/errors.hpp"
#include "api/snowflake/session_language.hpp"
#include "api/snowflake/sessions.hpp"
#include "async/task.hpp"
#include "base/result.hpp"
#include "principals/principal.hpp"
#include "query/service.hpp"
#include "rows/batch.hpp"

namespace coatcheck::api::snowflake {

// Does what a statement of the session language says, and returns its rows. Not for Wait, which takes its time: that
// is a query (own_statements.hpp). What it is given must outlive the coroutine.
async::Task<Result<rows::Batch, SnowflakeError>> run_in_session(query::Service& service, Sessions& sessions,
                                                                std::shared_ptr<Session> session,
                                                                SessionStatement statement);

// SYSTEM$CANCEL_QUERY: returns what it says.
async::Task<Result<std::string, SnowflakeError>> cancel_by_sql(query::Service& service, principals::Principal asker,
                                                               std::string id_text);

// Returns the statement with what LAST_QUERY_ID() and a result's index mean in this session written out.
async::Task<Result<std::string, SnowflakeError>> with_literal_ids(Sessions& sessions, std::shared_ptr<Session> session,
                                                                  std::string text);

}  // namespace coatcheck::api::snowflake
