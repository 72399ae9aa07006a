#include "warehouse/trino/connector.hpp"

#include <arrow/api.h>

#include <memory>
#include <string>
#include <utility>

#include "warehouse/trino/errors.hpp"
#include "warehouse/trino/execution.hpp"
#include "warehouse/trino/literal.hpp"
#include "warehouse/trino/protocol.hpp"
#include "warehouse/trino/statement_text.hpp"

namespace coatcheck::warehouse {

namespace {

class TrinoConnector final : public Connector {
 public:
  explicit TrinoConnector(std::unique_ptr<trino::Protocol> protocol) : protocol_(std::move(protocol)) {}

  Capabilities capabilities() const override { return {.detached = false}; }

  // Nothing is sent: Trino checks a statement as it runs it, and what is asked of it beforehand costs as a query does.
  async::Task<Outcome<std::unique_ptr<Execution>>> prepare(Request request) override {
    if (!request.statement.parameter_rows.empty()) {
      co_return trino::statement_failure("0A000", "Trino does not take rows of parameters.");
    }
    const auto text = trino::bare_statement(request.statement.text);
    auto bound = trino::bind(text, request.statement.parameters);
    if (!bound) co_return std::move(bound).error();
    const auto kind = protocol_->options().queries_only_read ? trino::kind_by_grammar(text) : StatementKind::unknown;
    std::unique_ptr<Execution> execution =
        std::make_unique<trino::TrinoExecution>(*protocol_, std::move(request), std::move(*bound), kind);
    co_return execution;
  }

  async::Task<Outcome<std::string>> check() override {
    // Handed over, which proves the credentials, and not tried again: whoever asks wants to know how it is now.
    auto only_once = std::make_shared<const bool>(true);
    Request handed_over;
    auto taken = co_await protocol_->submit("SELECT 1", std::move(handed_over), std::move(only_once));
    if (!taken) co_return std::move(taken).error();
    if (!taken->next_uri.empty()) protocol_->abandon(taken->next_uri);

    Request version;
    version.statement.text = "SELECT version()";
    auto prepared = co_await prepare(std::move(version));
    if (!prepared) co_return std::move(prepared).error();
    auto cursor = co_await (*prepared)->run();
    if (!cursor) co_return std::move(cursor).error();
    auto batch = co_await (*cursor)->next();
    if (!batch) co_return std::move(batch).error();
    std::string words = "Trino";
    if (*batch && (**batch)->num_rows() == 1 && (**batch)->num_columns() == 1) {
      auto number = (**batch)->column(0)->GetScalar(0);
      if (number.ok() && (*number)->is_valid) words += " " + (*number)->ToString();
    }
    const std::string& user = protocol_->options().user;
    co_return words + (user.empty() ? ", as the token's user" : ", as user " + user);
  }

 private:
  std::unique_ptr<trino::Protocol> protocol_;
};

}  // namespace

Result<std::unique_ptr<Connector>> open_trino(TrinoOptions options, async::Loop&) {
  auto protocol = trino::Protocol::create(std::move(options));
  if (!protocol) return std::move(protocol).error();
  std::unique_ptr<Connector> connector = std::make_unique<TrinoConnector>(std::move(*protocol));
  return connector;
}

}  // namespace coatcheck::warehouse
