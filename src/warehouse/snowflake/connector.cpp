#include "warehouse/snowflake/connector.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "warehouse/snowflake/answer.hpp"
#include "warehouse/snowflake/bindings.hpp"
#include "warehouse/snowflake/cells.hpp"
#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/execution.hpp"
#include "warehouse/snowflake/options.hpp"
#include "warehouse/snowflake/protocol.hpp"
#include "warehouse/snowflake/refresh.hpp"

namespace coatcheck::warehouse {

namespace {

constexpr std::string_view who_are_we = "SELECT CURRENT_VERSION(), CURRENT_USER(), CURRENT_ROLE(), CURRENT_WAREHOUSE()";

// The first row of an answer.
class FirstRow final : public snowflake::CellReader {
 public:
  bool begin_row() override {
    ++rows_;
    return true;
  }
  bool cell(std::optional<std::string_view> text) override {
    if (rows_ == 1) cells.emplace_back(text.value_or(""));
    return true;
  }
  bool end_row() override { return true; }

  std::vector<std::string> cells;

 private:
  int rows_ = 0;
};

std::string words_of(const std::vector<std::string>& cells) {
  std::string words = "Snowflake " + cells[0];
  if (!cells[1].empty()) words += ", user " + cells[1];
  if (!cells[2].empty()) words += ", role " + cells[2];
  return words + (cells[3].empty() ? ", no warehouse" : ", warehouse " + cells[3]);
}

class SnowflakeConnector final : public Connector {
 public:
  SnowflakeConnector(SnowflakeOptions options, async::Executor executor)
      : executor_(executor),
        protocol_(std::make_shared<snowflake::Protocol>(std::move(options))),
        standing_(std::make_shared<snowflake::Standing>()),
        refresher_(std::make_shared<snowflake::Refresher>(protocol_, executor, standing_)) {}

  // Tasks may still hold them, and find out when they go on.
  ~SnowflakeConnector() override {
    standing_->tell({});
    refresher_->stop();
    protocol_->stop();
  }

  Capabilities capabilities() const override { return {.detached = true}; }

  // Nothing is sent: Snowflake checks a statement as it takes it.
  async::Task<Outcome<std::unique_ptr<Execution>>> prepare(Request request) override {
    if (!request.handle.empty() && !snowflake::is_handle(request.handle)) {
      co_return snowflake::gone_failure("");
    }
    auto bindings = snowflake::write_bindings(request.statement);
    if (!bindings) co_return std::move(bindings).error();
    std::unique_ptr<Execution> execution = std::make_unique<snowflake::SnowflakeExecution>(
        protocol_, refresher_, executor_, standing_, std::move(request), std::move(*bindings));
    co_return execution;
  }

  async::Task<Outcome<std::string>> check() override {
    auto answer = co_await protocol_->run_own(who_are_we);
    if (!answer) co_return std::move(answer).error().failure;
    if (answer->status == 422) co_return snowflake::read_error(snowflake::read_answer(answer->body).words, who_are_we);
    if (answer->status == 202 || answer->status == 408) {
      co_return snowflake::unavailable("Snowflake has taken a statement, and has not run it in time.");
    }
    if (answer->status != 200) co_return snowflake::refusal(*answer);
    standing_->good();
    FirstRow row;
    if (!snowflake::read_cells(answer->body, row) || row.cells.size() < 4) {
      co_return snowflake::not_understood("no row, where one was asked for: this is no Snowflake");
    }
    co_return words_of(row.cells);
  }

  void tell_of_trouble(std::function<void(const std::optional<Failure>&)> told) override {
    standing_->tell(std::move(told));
  }

  std::uint64_t status_requests() const override { return refresher_->requests(); }

 private:
  async::Executor executor_;
  std::shared_ptr<snowflake::Protocol> protocol_;
  std::shared_ptr<snowflake::Standing> standing_;
  std::shared_ptr<snowflake::Refresher> refresher_;
};

}  // namespace

Result<std::unique_ptr<Connector>> open_snowflake(SnowflakeOptions options, async::Loop& loop) {
  while (options.url.ends_with('/')) options.url.pop_back();
  if (auto error = snowflake::mistake(options)) return std::move(*error);
  std::unique_ptr<Connector> connector = std::make_unique<SnowflakeConnector>(std::move(options), loop.get_executor());
  return connector;
}

}  // namespace coatcheck::warehouse
