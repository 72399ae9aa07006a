#pragma once

#include <memory>
#include <optional>
#include <string>

#include "warehouse/connector.hpp"
#include "warehouse/snowflake/control.hpp"
#include "warehouse/snowflake/protocol.hpp"
#include "warehouse/snowflake/refresh.hpp"
#include "warehouse/snowflake/standing.hpp"

namespace coatcheck::warehouse::snowflake {

// One statement, from its submission to its result.
//
// A cancel ends run() when Snowflake says that the statement has ended. If it had succeeded before, run() succeeds, and
// the cancel counts for nothing: the cursor yields the rows. A cancel after run() ends the fetching of rows.
class SnowflakeExecution final : public Execution {
 public:
  // `bindings` are the statement's parameters in JSON.
  SnowflakeExecution(std::shared_ptr<Protocol> protocol, std::shared_ptr<Refresher> refresher, async::Executor executor,
                     std::shared_ptr<Standing> standing, Request request, std::string bindings);
  ~SnowflakeExecution() override;

  StatementKind kind() const override { return StatementKind::unknown; }
  async::Task<Outcome<std::string>> submit() override;
  async::Task<Outcome<std::unique_ptr<Cursor>>> run() override;
  std::optional<double> progress() const override { return std::nullopt; }
  void cancel() override { control_->cancel(); }
  void leave() override { control_->leave(); }

 private:
  async::Task<std::optional<Exchanged>> follow();
  Steady::duration pause_after_cancel(const std::optional<Exchanged>& answer) const;
  async::Task<Outcome<std::unique_ptr<Cursor>>> conclude(upstream::Response response);
  Failure failed(const upstream::Response& response) const;

  const std::shared_ptr<Protocol> protocol_;
  const std::shared_ptr<Refresher> refresher_;
  const std::shared_ptr<Standing> standing_;
  const std::shared_ptr<Control> control_;
  const Request request_;
  const std::string bindings_;
  std::string handle_;       // Empty until it is known.
  bool is_new_ = false;      // The handle is from this submission.
  std::uint64_t watch_ = 0;  // By which the refresher knows it; 0 if not.
};

}  // namespace coatcheck::warehouse::snowflake
