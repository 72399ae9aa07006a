#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "warehouse/adbc/database.hpp"
#include "warehouse/adbc/seats.hpp"

namespace coatcheck::warehouse::adbc {

// Connects, if no connection is kept, and has the warehouse answer a statement that reads nothing. Returns what it and
// the driver call themselves: "PostgreSQL 15.14, by ADBC PostgreSQL Driver 1.13.0". Blocks as long as the warehouse
// takes.
Outcome<std::string> check(Database& database);

// Checks, one at a time, on a thread that nobody has to wait for: a driver may hang for ever in the opening of a
// connection, and ADBC has no way to break that off. What such a thread uses is its own: the database, which it shares,
// and what it leaves its outcome in. Used on the loop's thread.
class Checker {
 public:
  Checker(async::Executor loop, std::shared_ptr<Database> database);
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;
  // Waits for nothing: a thread that still hangs keeps what it uses, until it or the process ends.
  ~Checker();

  bool is_under_way() const;

  // Returns what check() says: of the one that is under way, if one hangs, so that there is never more than one thread.
  // `seat` is taken until it has ended. `unavailable` if that takes longer than `patience`; ends at once, as canceled,
  // when the coroutine is canceled.
  async::Task<Outcome<std::string>> run(Seat seat, std::chrono::milliseconds patience);

 private:
  struct Shared;

  bool start(Seat seat);

  const std::shared_ptr<Database> database_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace coatcheck::warehouse::adbc
