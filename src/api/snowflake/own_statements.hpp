#pragma once

#include <cstddef>
#include <memory>

#include "api/snowflake/sessions.hpp"
#include "async/task.hpp"
#include "query/service.hpp"
#include "warehouse/connector.hpp"

// Statements that are queries like any other, with an id, a history and a stored result, but are run by the server
// itself: journal::Form::session and journal::Form::script.
namespace coatcheck::api::snowflake {

// What such statements act on. The service is made after its connectors: fill this in before the service runs anything.
struct Surroundings {
  query::Service* service = nullptr;
  Sessions* sessions = nullptr;
  // Without authentication; else everybody, administrators too, sees their own queries only.
  bool everyone_sees_all = false;
  std::size_t query_tag_bytes_max = 256;
};

// Runs statements of the session language, in the session that they were submitted in. If memory no longer has it (it
// was closed, not used for an hour, or the server restarted), or there is none, then in one that lasts as long as the
// statement. Each is told to be a read: doing it twice is doing it once.
std::unique_ptr<warehouse::Connector> make_session_connector(const Surroundings& surroundings, async::Loop& loop);

// Runs several statements as queries of their own, one after the other, in the session and for the warehouse of the
// whole: each is submitted when the one before has succeeded, and has an idempotency key made of the whole's id and its
// place. So a whole that is begun again after a restart goes on where it was, and nothing runs twice.
//
// The result has one row for each: its text ("statement") and its id ("query_id"). One that fails ends the whole, with
// code 100132 and its own words; those before it stay done. cancel() cancels the one that runs. USE WAREHOUSE and
// QUERY_TAG count for those that follow.
std::unique_ptr<warehouse::Connector> make_script_connector(const Surroundings& surroundings, async::Loop& loop);

}  // namespace coatcheck::api::snowflake
