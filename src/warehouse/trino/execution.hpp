#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "warehouse/connector.hpp"
#include "warehouse/trino/decoder.hpp"
#include "warehouse/trino/literal.hpp"
#include "warehouse/trino/page.hpp"
#include "warehouse/trino/protocol.hpp"

namespace coatcheck::warehouse::trino {

// One statement, from its text to its last row.
class TrinoExecution final : public Execution {
 public:
  // `request.statement` is `bound` as the client wrote it. The protocol must outlive this.
  TrinoExecution(Protocol& protocol, Request request, Bound bound, StatementKind kind);
  ~TrinoExecution() override;

  StatementKind kind() const override { return kind_; }
  async::Task<Outcome<std::unique_ptr<Cursor>>> run() override;
  std::optional<double> progress() const override { return page_.progress; }
  void cancel() override;

  // For the cursor.
  rows::Schema schema() const { return schema_; }
  async::Task<Outcome<std::optional<rows::Batch>>> next();

 private:
  using Trouble = std::optional<Failure>;

  async::Task<Trouble> follow();
  async::Task<Trouble> take(Outcome<Page> arrived);
  async::Task<Failure> canceled();
  void learn_columns();
  async::Task<Outcome<rows::Batch>> decode_page();
  async::Task<Outcome<rows::Batch>> decode_segment();
  std::optional<rows::Batch> take_count();

  Protocol& protocol_;
  Request request_;
  Bound bound_;
  StatementKind kind_;
  std::shared_ptr<bool> stop_ = std::make_shared<bool>(false);  // A cancel was asked for.

  Page page_;                // The last answer.
  bool page_read_ = true;    // Its own rows were.
  std::size_t segment_ = 0;  // The next one of it.
  std::optional<Decoder> decoder_;
  rows::Schema schema_;
  bool counts_ = false;  // The result is how many rows were written.
  bool counted_ = false;
};

}  // namespace coatcheck::warehouse::trino
