#pragma once

#include <optional>
#include <string>

#include "api/snowflake/errors.hpp"
#include "api/snowflake/login.hpp"
#include "api/snowflake/session_language.hpp"
#include "api/snowflake_sql_api/first_answers.hpp"
#include "api/snowflake_sql_api/session_answers.hpp"
#include "api/snowflake_sql_api/statement_asked.hpp"
#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "http/message.hpp"
#include "http/router.hpp"
#include "principals/principal.hpp"
#include "query/service.hpp"
#include "telemetry/metrics.hpp"

namespace coatcheck::api::snowflake_sql_api {

// Snowflake's SQL API v2, /api/v2/statements, as its published OpenAPI description and its documentation have it:
// docs/snowflake-sql-api.md. One file per endpoint; add_routes() is the table. A statement's handle is the query's id,
// the same through every door.
//
// Loop thread. What it is given must outlive it, and it must outlive the server that has its routes.
class Door {
 public:
  Door(query::Service& service, snowflake::Login& login, async::Pool& encoding, telemetry::Registry& registry,
       const Clock& clock, Limits limits);

  void add_routes(http::Router& router);

 private:
  using Asker = principals::Principal;
  using Endpoint = async::Task<http::Response> (Door::*)(Asker, http::Request);

  // Lets in who has a token.
  async::Task<http::Response> enter(Endpoint endpoint, http::Request request);
  Result<Asker, snowflake::SnowflakeError> identify(const http::Request& request);

  async::Task<http::Response> submit(Asker asker, http::Request request);
  async::Task<http::Response> status(Asker asker, http::Request request);
  async::Task<http::Response> cancel(Asker asker, http::Request request);

  // A statement of the session language, in a session that lasts as long as the request.
  async::Task<http::Response> in_session(Asker asker, snowflake::SessionStatement statement, StatementAsked asked);

  // What is asked of a query, by whichever request.
  struct Wanted {
    QueryId id;
    std::size_t partition = 0;
    bool to_submitter = false;  // The answer goes to the request that submitted it.
    std::string request_id = {};
    std::string accept_encoding = {};
  };
  // Answers for a query as it is now.
  async::Task<http::Response> answer(Asker asker, Wanted wanted);
  async::Task<http::Response> first_partition(query::Service::Claim claim, Wanted wanted);
  void count_claim();
  http::Response later_partition(const query::Service::Claim& claim, const Wanted& wanted);

  // A refusal, with a handle where Snowflake always has one: the query's, or one that is nobody's.
  http::Response refuse(const snowflake::SnowflakeError& error, std::optional<QueryId> id = {}) const;

  query::Service& service_;
  snowflake::Login& login_;
  async::Pool& encoding_;
  telemetry::Registry& registry_;
  const Clock& clock_;
  Limits limits_;
  SessionAnswers session_answers_;
  FirstAnswers first_answers_;
};

}  // namespace coatcheck::api::snowflake_sql_api
