#include "warehouse/trino/connector.hpp"

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
