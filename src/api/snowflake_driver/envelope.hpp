#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/snowflake/errors.hpp"
#include "base/query_id.hpp"
#include "http/message.hpp"

namespace coatcheck::api::snowflake_driver {

// The envelope of every answer of the driver protocol: `{"data":…,"code":…,"message":…,"success":…}`, always with HTTP
// status 200 but for what is meant for the transport, because drivers retry or give up on anything else.

// Success; `data` is JSON text, "null" for none.
http::Response success(std::string_view data);

// A refusal that is not about a query: a login, a session, a request that cannot be read.
http::Response refused(const snowflake::SnowflakeError& error);

// A query's failure, as drivers turn it into their exception.
http::Response query_failed(const snowflake::SnowflakeError& error, std::optional<QueryId> id);

// The query goes on: the driver is to ask at the result's address, which holds it again. 333334, which all drivers
// take for "not yet"; 333333 for a synchronous statement, as the first answer only.
enum class Pending { synchronous, asynchronous };
http::Response pending(QueryId id, Pending kind);

// 429 or 503, which drivers honour by coming again.
http::Response come_again(int status, std::string_view message);

}  // namespace coatcheck::api::snowflake_driver
