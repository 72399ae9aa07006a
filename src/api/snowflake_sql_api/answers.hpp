#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "api/snowflake/errors.hpp"
#include "base/query_id.hpp"
#include "http/message.hpp"
#include "journal/journal.hpp"

namespace coatcheck::api::snowflake_sql_api {

// A JSON body with this status.
http::Response json_answer(int status, std::string body);

// The body of a result set (200) with partition 0 of `partitions`, and links to the others.
http::Response first_rows(QueryId id, std::string body, std::size_t partitions);

// The query goes on (202): the client is to ask again at the address of its status.
http::Response in_progress(const journal::Entry& entry);

// The status with which an error is answered: what the error itself says (429, 503), 401 for who may not come in, 400
// for what is no request, 500 for trouble of our own, and 422 for everything that is about a statement.
int http_status(const snowflake::SnowflakeError& error);

// An error with that status. `id`: the query that it is about; there must be one if the status is 422, as Snowflake's
// OpenAPI description demands. With 429 it says that the query is still alive.
http::Response refusal(const snowflake::SnowflakeError& error, std::optional<QueryId> id);

// A query that has failed or was canceled: 422; for the client that has just submitted it 408 if its time was over.
http::Response query_failed(const journal::Entry& entry, bool to_submitter);

// The query is canceled (200).
http::Response canceled(QueryId id);

}  // namespace coatcheck::api::snowflake_sql_api
