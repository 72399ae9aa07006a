#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/query_id.hpp"
#include "base/result.hpp"
#include "journal/journal.hpp"

namespace coatcheck::journal {

// A look at a journal's file from outside: it is opened to be read only, so a server may be at work on it meanwhile.
// Used by one thread; blocks. No read is held open between two calls, but a long one keeps the server's log from
// beginning anew while it lasts.
class Inspection {
 public:
  // Errc::not_found if there is no file; Errc::conflict if its schema is not the one this program writes; Errc::corrupt
  // if it is no journal, or so damaged that nothing of it can be read.
  static Result<std::unique_ptr<Inspection>> open(const std::filesystem::path& file);

  virtual ~Inspection() = default;

  // What is wrong with the database as such, in words for an operator; empty if nothing is. Looks at every page, every
  // row's types and constraints, whether indexes and tables agree, and the checksums of the write-ahead log. Not at the
  // values of a query, which have a checksum of their own: see visit().
  virtual std::vector<std::string> structure() = 0;

  // Visits every query in the order of submission, some as of a later moment than others. One that cannot be read goes
  // to `unreadable`, in words that name it.
  virtual void visit(const std::function<void(Entry)>& readable,
                     const std::function<void(std::string)>& unreadable) = 0;

  // The query as it is now.
  virtual Result<std::optional<Entry>> find(const QueryId& id) = 0;

  // Writes all queries as of one moment into a new database, readable by its owner alone. Not synced. Errc::corrupt
  // if what is read is damaged.
  virtual Result<void> copy_to(const std::filesystem::path& file) = 0;
};

// Whether `entry` has a result that its queries' clients may claim.
bool has_result(const Entry& entry);

}  // namespace coatcheck::journal
