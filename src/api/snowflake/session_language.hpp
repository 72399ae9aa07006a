#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/snowflake/errors.hpp"
#include "api/snowflake/state.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "rows/batch.hpp"

namespace coatcheck::api::snowflake {

// The statements that concern a session and nothing that a warehouse has: drivers and tools send them by themselves.
// They are answered by us, at once, and are no queries; but as queries if somebody wants an id at once or several
// statements are sent together (own_statements.hpp). What is not read here goes to the warehouse as it is.

// USE DATABASE | SCHEMA | WAREHOUSE | ROLE name; USE name.
struct Use {
  enum class What { database, schema, warehouse, role };
  What what = What::database;
  std::string database = {};  // Before the point in USE SCHEMA database.schema.
  std::string name;
};

// ALTER SESSION SET name = value …; ALTER SESSION UNSET name, ….
struct AlterSession {
  Settings set;
  std::vector<std::string> unset;
};

// SHOW PARAMETERS [LIKE 'pattern'] [IN SESSION | …].
struct ShowParameters {
  std::optional<std::string> like;
};

// SELECT of CURRENT_USER() and its like, alone.
struct SelectCurrent {
  struct Item {
    std::string function;        // In upper case, "CURRENT_USER".
    std::int64_t argument = -1;  // Of LAST_QUERY_ID.
    std::string column;          // What the column is called.
  };
  std::vector<Item> items;
};

// SELECT SYSTEM$CANCEL_QUERY('id').
struct CancelQuery {
  std::string id;
  std::string column;
};

// SELECT SYSTEM$WAIT(amount [, unit]), CALL SYSTEM$WAIT(…): the one statement here that takes time, seven days at most.
struct Wait {
  std::chrono::milliseconds duration{0};
  std::string words;  // "5 seconds"
  std::string column;
};

// COMMIT and ROLLBACK outside of a transaction, which do nothing.
struct EndNoTransaction {};

// BEGIN: every query has a connection of its own, so that a transaction of several is not to be had.
struct BeginTransaction {};

using SessionStatement = std::variant<Use, AlterSession, ShowParameters, SelectCurrent, CancelQuery, Wait,
                                      EndNoTransaction, BeginTransaction>;

// Reads a statement of this language, in any case and spacing; nothing if it is another one.
std::optional<SessionStatement> read_session_statement(std::string_view sql);

// What a statement may ask of its session besides its state.
struct SessionFacts {
  std::uint64_t id = 0;
  std::string user;
  std::map<std::int64_t, std::string> last_query_ids;  // By LAST_QUERY_ID's argument; absent means NULL.
};

// Whether the statement changes the state.
bool changes_state(const SessionStatement& statement);

// Changes `state` as the statement says; 002043 for USE of a name that is none.
Result<void, SnowflakeError> change_state(const SessionStatement& statement, SessionState& state);

// The rows of the answer: a status line, parameters, or values. Not for CancelQuery, which is the door's to do.
Result<rows::Batch, SnowflakeError> answer(const SessionStatement& statement, const SessionState& state,
                                           const SessionFacts& facts);

// One row with one text: what most statements of this kind answer.
rows::Batch one_text(const std::string& column, const std::string& text);

}  // namespace coatcheck::api::snowflake
