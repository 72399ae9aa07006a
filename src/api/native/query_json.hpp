#pragma once

#include <string>
#include <string_view>

#include "query/snapshot.hpp"

namespace coatcheck::api::native {

// Returns the query object of the API: {"id":…,"status":…,…}. Absent facts are left out, so that a status
// stays small; openapi.json has the schema (Query).
std::string query_json(const query::Snapshot& snapshot);

// The same with more members before the closing brace: `,"page":{…}`.
std::string query_json(const query::Snapshot& snapshot, std::string_view more);

// The same for a list of queries: a long statement is cut, and `"statement_truncated":true` says so.
std::string listed_query_json(const query::Snapshot& snapshot);

// Returns the entity tag of the query's version: "7", quotes included.
std::string version_tag(const journal::Entry& entry);

}  // namespace coatcheck::api::native
