#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "http/message.hpp"
#include "http/router.hpp"
#include "principals/keyring.hpp"
#include "principals/principal.hpp"
#include "query/service.hpp"
#include "results/spool.hpp"
#include "telemetry/metrics.hpp"

namespace coatcheck::api::native {

struct Limits {
  std::size_t body_bytes_max = 2U << 20;
  std::size_t statement_bytes_max = 1U << 20;
  std::size_t parameters_max = 10'000;
  std::size_t query_tag_bytes_max = 256;
  std::size_t idempotency_key_bytes_max = 255;
  std::chrono::milliseconds wait_max = std::chrono::seconds(60);
  std::size_t batch_ids_max = 1'000;
  std::uint64_t inline_rows_max = 1'000;    // In the answer to a submit that ended in time…
  std::size_t inline_bytes_max = 1U << 20;  // …if they are no more bytes than this.
  std::uint64_t page_rows_max = 100'000;    // In one page of a result; the whole has no such limit.
  std::size_t history_page_default = 50;
  std::size_t history_page_max = 1'000;
};

// The native API, version 1: openapi.json is its contract. One file per endpoint; add_routes() is the table.
//
// Loop thread. What it is given must outlive it, and it must outlive the server that has its routes.
class Door {
 public:
  // Without a keyring, everybody is an administrator called "anonymous": for loopback only.
  Door(query::Service& service, principals::Keyring* keyring, async::Pool& encoding, telemetry::Registry& registry,
       const Clock& clock, Limits limits);

  void add_routes(http::Router& router);

 private:
  using Asker = principals::Principal;
  using Endpoint = async::Task<http::Response> (Door::*)(Asker, http::Request);

  // Lets in who may come in, and answers for every error that an endpoint did not expect.
  async::Task<http::Response> enter(Endpoint endpoint, http::Request request);
  static async::Task<http::Response> answered(http::Response response);

  async::Task<http::Response> submit(Asker asker, http::Request request);
  async::Task<http::Response> status(Asker asker, http::Request request);
  async::Task<http::Response> status_now(Asker asker, QueryId id, std::string known);
  async::Task<http::Response> status_in_time(Asker asker, QueryId id, std::string known, Deadline deadline);
  async::Task<http::Response> status_with_quotas(Asker asker, QueryId id, std::string known);
  http::Response refused_wait(const Asker& asker, const Error& error);
  // The version beyond which a client waits that has `known`; nothing if there is news for it.
  async::Task<std::optional<std::uint64_t>> version_to_pass(Asker asker, QueryId id, std::string known);
  async::Task<http::Response> events(Asker asker, http::Request request);
  async::Task<http::Response> batch_status(Asker asker, http::Request request);
  async::Task<http::Response> result(Asker asker, http::Request request);
  async::Task<http::Response> chunks(Asker asker, http::Request request);
  async::Task<http::Response> chunk(Asker asker, http::Request request);
  async::Task<http::Response> cancel(Asker asker, http::Request request);
  async::Task<http::Response> remove(Asker asker, http::Request request);
  async::Task<http::Response> history(Asker asker, http::Request request);
  async::Task<http::Response> warehouses(Asker asker, http::Request request);

  // Without authentication: for probes and scrapers.
  async::Task<http::Response> healthz(http::Request request);
  async::Task<http::Response> readyz(http::Request request);
  async::Task<http::Response> metrics(http::Request request);
  async::Task<http::Response> openapi(http::Request request);

  async::Task<http::Response> ended_in_time(query::Snapshot snapshot);
  async::Task<std::string> first_page(std::shared_ptr<const results::Reader> reader, QueryId id);

  query::Service& service_;
  principals::Keyring* keyring_;
  async::Pool& encoding_;
  telemetry::Registry& registry_;
  const Clock& clock_;
  Limits limits_;
  telemetry::Counter& refused_keys_;
};

}  // namespace coatcheck::api::native
