#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "warehouse/connector.hpp"
#include "warehouse/trino/connector.hpp"
#include "warehouse/trino/page.hpp"
#include "warehouse/upstream/client.hpp"

namespace coatcheck::warehouse::trino {

// Trino's client protocol, request by request, with credentials and retries. Used on the loop's thread.
//
// All requests may be sent again: Trino starts a statement only when the first nextUri is followed, so that one whose
// answer was lost never ran; and a nextUri may be read twice.
class Protocol {
 public:
  // Set by who waits when it wants to wait no more: then nothing is tried again.
  using Stop = std::shared_ptr<const bool>;

  static Result<std::unique_ptr<Protocol>> create(TrinoOptions options);

  // Hands the statement over, which does not yet start it.
  async::Task<Outcome<Page>> submit(std::string text, Request request, Stop stop);

  // Follows a nextUri.
  async::Task<Outcome<Page>> follow(std::string next_uri, Stop stop);

  // Has the statement end; returns when Trino has said that it does, or does not know it anymore.
  async::Task<Outcome<std::monostate>> cancel(std::string next_uri);

  // The same, without waiting.
  void abandon(const std::string& next_uri);

  // Returns the rows of a segment, as JSON.
  async::Task<Outcome<std::string>> fetch(Segment segment, std::string encoding, Stop stop);

  // Says that a segment was read, so that Trino may drop it.
  void acknowledge(const Segment& segment);

  const TrinoOptions& options() const { return options_; }
  async::Pool& pool() { return pool_; }

 private:
  enum class Credentials { with, without };

  explicit Protocol(TrinoOptions options);
  std::vector<upstream::Header> statement_headers(const Request& request) const;
  std::optional<std::string> own_url(std::string_view uri) const;
  Result<std::vector<upstream::Header>> credentials() const;
  // Sets `got_there` if the request may have, as far as one can know.
  async::Task<Outcome<upstream::Response>> exchange(upstream::Request request, Credentials credentials, Stop stop,
                                                    bool* got_there = nullptr);
  async::Task<Outcome<Page>> read(Outcome<upstream::Response> response);

  TrinoOptions options_;
  upstream::Client client_;
  async::Pool pool_;
};

}  // namespace coatcheck::warehouse::trino
