#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "warehouse/adbc/connector.hpp"
#include "warehouse/adbc/testing/postgresql_server.hpp"
#include "warehouse/testing/drain.hpp"

namespace coatcheck::warehouse {

// Tests against a real PostgreSQL, one server for all of them. A second connector looks at what the first one does.
class AdbcPostgresqlTest : public ::testing::Test {
 protected:
  static PostgresqlServer& server() {
    static PostgresqlServer shared;
    return shared;
  }

  static AdbcOptions options_for(const std::string& user) {
    return {.driver = COATCHECK_ADBC_POSTGRESQL,
            .database_options = {{"uri", server().uri(user) + "&application_name=" + user + "_tested"}}};
  }

  std::unique_ptr<Connector> open(AdbcOptions options) {
    auto opened = open_adbc(std::move(options), loop_);
    if (!opened) throw std::runtime_error(opened.error().message);
    return *std::move(opened);
  }

  Outcome<Drained> run(Statement statement) { return drain(loop_, *connector_, std::move(statement)); }

  // Runs it and returns the one value that it yields, as text.
  std::string value(Connector& connector, std::string text) {
    return value(drain(loop_, connector, {.text = std::move(text)}));
  }
  std::string value(Statement statement) { return value(run(std::move(statement))); }
  static std::string value(const Outcome<Drained>& drained) {
    if (!drained) return "failed: " + drained.error().message;
    if (drained->batches.empty()) return "no rows";
    auto scalar = drained->batches.front()->column(0)->GetScalar(0);
    return (*scalar)->is_valid ? (*scalar)->ToString() : "NULL";
  }

  // Asks, as someone else, until the answer is this one.
  void wait_until(const std::string& question, const std::string& answer) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    auto told = value(*watcher_, question);
    while (told != answer && std::chrono::steady_clock::now() < deadline) {
      run_task(loop_, pause());
      told = value(*watcher_, question);
    }
    EXPECT_EQ(told, answer) << "is what was waited for in vain: " << question;
  }

  async::Task<> pause() {
    async::Timer timer(loop_.get_executor(), std::chrono::milliseconds(10));
    [[maybe_unused]] auto [error] = co_await timer.async_wait(async::as_outcome);
  }

  // Which of our statements the warehouse runs now.
  static constexpr const char* active =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'postgres_tested' AND state = 'active' AND pid "
      "<> pg_backend_pid()";

  Outcome<std::unique_ptr<Execution>> prepare(std::string text) {
    return run_task(loop_, connector_->prepare({.query = {}, .statement = {.text = std::move(text)}}));
  }

  async::Loop loop_;
  std::unique_ptr<Connector> connector_ = open(options_for("postgres"));
  std::unique_ptr<Connector> watcher_ =
      open({.driver = COATCHECK_ADBC_POSTGRESQL, .database_options = {{"uri", server().uri()}}});
};

}  // namespace coatcheck::warehouse
