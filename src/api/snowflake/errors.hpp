#pragma once

#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"

namespace coatcheck::api::snowflake {

// Why something did not work, as Snowflake's clients know it. Shown to the client as it is.
struct SnowflakeError {
  std::string code = "000603";  // Six digits.
  std::string sqlstate = {};    // Five characters; empty for what has none, such as a refused login.
  std::string message = "no outcome";
  // 429 or 503 if it is a condition of the transport that drivers answer by asking again: both doors say it
  // with this status. 0 otherwise: the driver's door answers 200, the SQL API what fits the code.
  unsigned http_status = 0;

  bool operator==(const SnowflakeError&) const = default;
};

// Returns how a query's failure reads. A failure whose code is six digits has been a Snowflake error all
// along and passes as it is. The message is the warehouse's own but for a cancel, whose words clients look for.
// Codes that begin with 99 are ours, for what Snowflake has no code for (README.md lists all).
SnowflakeError from_failure(const Failure& failure);

// Returns the failure of a statement that the server runs itself. It passes back as it is.
Failure to_failure(const SnowflakeError& error);
// The same for one that was stopped.
Failure stopped_failure();

// Returns how an error of the service reads: a full queue is 429, a server that is going down 503. Words of
// internal trouble (io_error, corrupt) stay with us: log them.
SnowflakeError from_error(const Error& error);

// Whether `code` is one that this room gives out for a login or a token that is not good: 3901xx, 3903xx, 3943xx
// or 3944xx. The SQL API answers these with 401.
bool is_authentication(const SnowflakeError& error);

// Errors that both doors give, by the names of what happened.
SnowflakeError wrong_credentials();                       // 390100
SnowflakeError missing_token();                           // 390101
SnowflakeError unusable_token();                          // 390104
SnowflakeError session_gone();                            // 390111
SnowflakeError session_expired();                         // 390112: drivers renew and ask again.
SnowflakeError missing_master_token();                    // 390113
SnowflakeError master_token_expired();                    // 390114
SnowflakeError invalid_master_token();                    // 390115
SnowflakeError invalid_payload();                         // 390142: no JSON, or not of the form that it must have.
SnowflakeError not_executing();                           // 000605: a cancel came too late.
SnowflakeError canceled();                                // 000604
SnowflakeError no_such_statement(std::string_view id);    // 000709
SnowflakeError result_expired(std::string_view id);       // 000710
SnowflakeError no_result_of_failed(std::string_view id);  // 000711
SnowflakeError unsupported(std::string_view feature);     // 000002
SnowflakeError too_many_requests();                       // 390505, 429

}  // namespace coatcheck::api::snowflake
