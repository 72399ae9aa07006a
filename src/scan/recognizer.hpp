#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "scan/history_request.hpp"

// Finds, in any statement, the tables that Coatcheck answers itself:
//
//   table ( result_scan ( … ) ), and result_scan ( … ) alone, where a table can stand
//   table ( [database .] information_schema . query_history[_by_session|_by_user|_by_warehouse] ( … ) )
//
// A text is read twice, as DuckDB and as Snowflake read it, and counts only as far as both readings agree; so no
// string, quoted identifier or comment of either dialect can look like a table. A statement with any such call that
// is not understood is none of ours as a whole. Nothing here fails or throws on any text; time is linear.
namespace coatcheck::scan {

// What the arguments of a statement may ask for besides constants.
struct Facts {
  Timestamp now = {};
  std::string user = {};
  std::optional<std::uint64_t> session = {};
  std::string warehouse = {};  // Empty: not known.
};

// Bytes [begin, end) of the statement.
struct Bytes {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool operator==(const Bytes&) const = default;
};

// A query by its place among those of a session: 1 is the first, -1 the last.
struct SessionPlace {
  std::int64_t place = -1;

  bool operator==(const SessionPlace&) const = default;
};

// result_scan( id | place | last_query_id([place]) ).
struct ResultCall {
  std::variant<std::string, SessionPlace> query;  // The id's text as it is written, be it an id or not.
  Bytes argument;
};

// query_history…( … ). A value that cannot be is a failure to be told when the statement runs.
struct HistoryCall {
  HistoryRequest request;
  std::optional<Failure> failure;
};

// One reference to a table of ours.
struct Reference {
  Bytes bytes;  // From `table` (or `result_scan`) to its last parenthesis.
  std::variant<ResultCall, HistoryCall> call;
  bool has_alias = false;
};

// What a statement has of ours.
struct Recognized {
  std::vector<Reference> references;  // At least one; in the order of the text.

  // Calls of last_query_id() elsewhere in the statement.
  struct LastQuery {
    Bytes bytes;
    SessionPlace query;
  };
  std::vector<LastQuery> last_queries;

  // The placeholders, in the order of the text; those inside references go with them.
  struct Placeholder {
    Bytes bytes;
    std::size_t parameter = 0;  // Which of the parameters, from 0.
    bool numbered = false;      // $1 rather than ?
  };
  std::vector<Placeholder> placeholders;
};

// Returns what the statement has of ours; nothing if it has nothing, or anything that is not understood. `parameters`
// are what is bound to it; without them (a null pointer) any value fits a placeholder.
std::optional<Recognized> recognize(std::string_view sql, const std::vector<Parameter>* parameters, const Facts& facts);

// Whether the statement reads stored results or the history, and so goes to a Connector of this room, whatever
// warehouse it names. Quick to deny.
bool reads_stored(std::string_view sql);

// Returns the statement with literal ids in place of what only its session knows: places and last_query_id([n]), also
// where they are no argument of result_scan. `query_at` says which query is at a place (1 the first, -1 the last);
// where it knows none, the failure is 000709. A statement that is not ours stays as it is.
Result<std::string, Failure> name_session_queries(std::string_view sql,
                                                  const std::function<std::optional<QueryId>(std::int64_t)>& query_at);

// The failure of a scan of what is not there, or not for the asker: 000709, SQLSTATE 02000.
Failure not_found(std::string_view query);

// `select <columns> from table(information_schema.query_history…(…)) where query_id = '<id>'`: what pollers ask, which
// can be answered without an engine.
struct Poll {
  struct Column {
    std::size_t history_column = 0;  // Its place in history_columns() (history_rows.hpp).
    std::string name;                // As shown: upper case, but for a quoted alias.

    bool operator==(const Column&) const = default;
  };
  std::string id;  // As written; may be no id at all, and then there is no row.
  std::vector<Column> columns;
  HistoryRequest request;  // Its filters hold also here: see lets_through().
};

// Returns the poll that the statement is, or nothing if it is anything else. At most one row answers it.
std::optional<Poll> poll(std::string_view sql, const std::vector<Parameter>& parameters, const Facts& facts = {});

// Returns the id (as written) if the statement is exactly `select * from table(result_scan('<id>'))`, in any case and
// spacing, with or without a last semicolon: then the stored result is the answer as it is.
std::optional<std::string> whole_result(std::string_view sql);

}  // namespace coatcheck::scan
