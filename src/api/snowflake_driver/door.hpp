#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/snowflake/errors.hpp"
#include "api/snowflake/login.hpp"
#include "api/snowflake/session_language.hpp"
#include "api/snowflake/sessions.hpp"
#include "api/snowflake_driver/envelope.hpp"
#include "api/snowflake_driver/result_set.hpp"
#include "api/snowflake_driver/statement_asked.hpp"
#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "http/message.hpp"
#include "http/router.hpp"
#include "query/service.hpp"
#include "scan/recognizer.hpp"
#include "telemetry/metrics.hpp"

namespace coatcheck::api::snowflake_driver {

// The protocol that Snowflake's own drivers speak (Python, JDBC, Node, Go, C, .NET, ODBC), as read in their sources and
// seen on the wire: docs/snowflake-compatibility.md. One file per endpoint; add_routes() is the table.
//
// Loop thread. What it is given must outlive it, and it must outlive the server that has its routes.
class Door {
 public:
  Door(query::Service& service, snowflake::Sessions& sessions, snowflake::Login& login, async::Pool& encoding,
       telemetry::Registry& registry, const Clock& clock, Limits limits);

  void add_routes(http::Router& router);

 private:
  using SessionPtr = std::shared_ptr<snowflake::Session>;
  using Endpoint = async::Task<http::Response> (Door::*)(SessionPtr, http::Request);

  // Lets in who has a session.
  async::Task<http::Response> enter(Endpoint endpoint, http::Request request);

  // Without a session: login, its renewal, and what is signed or worth nothing.
  async::Task<http::Response> login_request(http::Request request);
  async::Task<http::Response> token_request(http::Request request);
  async::Task<http::Response> telemetry_send(http::Request request);
  async::Task<http::Response> chunk(http::Request request);

  async::Task<http::Response> heartbeat(SessionPtr session, http::Request request);
  async::Task<http::Response> session_end(SessionPtr session, http::Request request);
  async::Task<http::Response> query_request(SessionPtr session, http::Request request);
  async::Task<http::Response> result(SessionPtr session, http::Request request);
  async::Task<http::Response> monitoring(SessionPtr session, http::Request request);
  async::Task<http::Response> abort_by_request(SessionPtr session, http::Request request);
  async::Task<http::Response> abort_by_id(SessionPtr session, http::Request request);

  // The steps of a query-request.
  async::Task<http::Response> in_session(SessionPtr session, snowflake::SessionStatement statement,
                                         ResultSetAsked wanted);
  http::Response describe_in_session(const snowflake::Session& session, const snowflake::SessionStatement& statement,
                                     ResultSetAsked wanted) const;
  async::Task<http::Response> submit(SessionPtr session, StatementAsked asked, ResultSetAsked wanted,
                                     std::string origin);
  async::Task<http::Response> describe(SessionPtr session, StatementAsked asked, ResultSetAsked wanted);
  async::Task<http::Response> poll_history(SessionPtr session, scan::Poll poll, ResultSetAsked wanted);

  // What a statement becomes as a query of this session.
  journal::Submission submission_of(const snowflake::Session& session, StatementAsked asked) const;

  // Holds the request until the query has ended or the hold is over, and answers with what there is then.
  async::Task<http::Response> held(SessionPtr session, ResultSetAsked wanted, std::string origin, Pending not_yet,
                                   Deadline deadline);
  // Answers for a query that has ended.
  async::Task<http::Response> ended(SessionPtr session, ResultSetAsked wanted, std::string origin, Pending not_yet);
  async::Task<http::Response> abort(SessionPtr session, QueryId id);
  // The answer with rows that are no query's, under an id that is nobody's.
  http::Response rows_in_memory(const rows::Batch& batch, ResultSetAsked wanted) const;

  // What of the answer does not depend on the query.
  ResultSetAsked wanted_by(const snowflake::Session& session, const http::Request& request,
                           const snowflake::Settings& settings) const;

  query::Service& service_;
  snowflake::Sessions& sessions_;
  snowflake::Login& login_;
  async::Pool& encoding_;
  telemetry::Registry& registry_;
  const Clock& clock_;
  Limits limits_;
};

// An error that is not about a query: 429 and 503 as these, anything else in an envelope.
http::Response trouble(const snowflake::SnowflakeError& error);

}  // namespace coatcheck::api::snowflake_driver
