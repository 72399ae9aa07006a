#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "rows/batch.hpp"
#include "warehouse/adbc/connector.hpp"
#include "warehouse/adbc/database.hpp"
#include "warehouse/adbc/handles.hpp"

namespace coatcheck::warehouse::adbc {

// One statement in a connection that it has to itself. Every call blocks, so it is made on a thread of a pool, one at
// a time, but for interrupt(), which does not block, and send_cancel(), which may be called during any other.
class Session {
 public:
  Session(Database& database, const AdbcOptions& options, Statement statement)
      : database_(database), options_(options), statement_(std::move(statement)) {}

  // Has the warehouse check the statement, as far as the driver can without running it. Parameters may be missing: then
  // it fails when it is started.
  std::optional<Failure> prepare();

  // The schema that it will have, if the driver can tell before it runs.
  const std::optional<rows::Schema>& description() const { return described_; }

  // Starts it and reads the schema.
  Result<rows::Schema, Failure> start();

  // The next batch, nothing at the end.
  Result<std::optional<rows::Batch>, Failure> next();

  StatementKind kind() const { return kind_; }

  // From now on every call fails as canceled. What is under way has to be told by send_cancel().
  void interrupt() { interrupted_ = true; }

  // Tells the warehouse to stop what is under way, if anything is. It may have to be told again: a driver may lose
  // what comes too early.
  void send_cancel();

  // Ends the statement in the warehouse, whatever it does, and gives the connection back or closes it. The last call.
  void close();

 private:
  // A call to the driver that may be canceled while it lasts.
  class Busy;

  std::optional<Failure> prepare_on(Outcome<std::unique_ptr<Connection>> taken);
  std::optional<Failure> refuse_text() const;
  std::optional<Failure> set_options();
  std::optional<Failure> set_option(const std::string& key, const std::string& value);
  std::optional<Failure> bind();
  std::optional<Failure> describe();
  void decide_kind();
  std::optional<Failure> refuse_rows_of_parameters() const;
  Result<rows::Schema, Failure> start_change();
  Result<rows::Schema, Failure> start_rows();
  Result<rows::Schema, Failure> run_in_transaction();
  std::optional<Failure> execute(ArrowArrayStream* stream);
  std::optional<Failure> set_autocommit(bool on);
  Result<rows::Schema, Failure> read_count();
  Result<std::optional<rows::Batch>, Failure> fetch();
  Failure failed(AdbcStatusCode status, const Error& error, std::string_view text = {});
  Failure failed(Failure failure);
  bool takes_rows() const { return !statement_.parameter_rows.empty(); }

  Database& database_;
  const AdbcOptions& options_;
  const Statement statement_;
  std::string first_word_;
  StatementKind kind_ = StatementKind::unknown;
  std::optional<rows::Schema> described_;
  std::atomic<bool> interrupted_ = false;

  std::mutex busy_mutex_;  // Held while a cancel is sent, so that it never meets the next statement.
  bool busy_ = false;

  // Ends before the connection does.
  std::unique_ptr<Connection> connection_;
  StatementHandle handle_;
  Released<ArrowArrayStream> stream_;
  rows::Schema schema_;
  rows::Batch rest_;   // Of a batch that is too long.
  rows::Batch count_;  // Of changed rows, until it is read.
  std::int64_t affected_ = -1;
  std::optional<Failure> stream_failure_;  // A stream that has failed says nothing of worth any more.
  bool started_ = false;
  bool drained_ = false;  // The stream has said that there are no more rows.
  bool ended_ = false;    // There is nothing of it left in the warehouse.
  bool broken_ = false;
};

}  // namespace coatcheck::warehouse::adbc
