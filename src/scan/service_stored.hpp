#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "scan/stored.hpp"

namespace coatcheck::query {
class Service;
}

namespace coatcheck::scan {

struct ServiceStoredOptions {
  // For a server without authentication; else everybody, administrators too, sees their own queries only.
  bool everyone_sees_all = false;
  // How many queries one call of history() looks at, the newest submitted first; what it has not found among them is
  // not shown. Ids are looked up whatever their age.
  std::size_t looked_at_max = 100'000;
  std::uint64_t statement_bytes_max = std::uint64_t{64} << 20;  // Of all statements in one answer of history().
};

// The results and the history of a query::Service.
class ServiceStored final : public Stored {
 public:
  explicit ServiceStored(ServiceStoredOptions options = {}) : options_(options) {}

  // The service is made after its connectors: until it is attached, everything is unavailable. It must outlive what
  // is under way.
  void attach(query::Service& service) { service_ = &service; }

  async::Task<warehouse::Outcome<Reader>> result(std::string principal, QueryId id, Deadline deadline) override;
  async::Task<warehouse::Outcome<Entries>> history(std::string principal, HistoryRequest request) override;

 private:
  struct Collected;
  async::Task<warehouse::Outcome<Entries>> by_id(std::string principal, HistoryRequest request);
  async::Task<warehouse::Outcome<Entries>> by_time(std::string principal, HistoryRequest request);

  ServiceStoredOptions options_;
  query::Service* service_ = nullptr;
};

}  // namespace coatcheck::scan
