#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "warehouse/connector.hpp"
#include "warehouse/snowflake/answer.hpp"
#include "warehouse/snowflake/control.hpp"
#include "warehouse/snowflake/protocol.hpp"

namespace coatcheck::warehouse::snowflake {

// The rows of a statement that has succeeded. The first partition came with the answer that said so; the others are
// fetched ahead, some at a time, when the first batch is asked for and not before.
class PartitionCursor final : public Cursor {
 public:
  // `answer` has columns, and a handle; `body` is all of it.
  PartitionCursor(std::shared_ptr<Protocol> protocol, std::shared_ptr<Control> control, Answer answer,
                  std::string body);
  ~PartitionCursor() override;

  rows::Schema schema() const override { return answer_.columns->schema; }
  async::Task<Outcome<std::optional<rows::Batch>>> next() override;
  std::optional<Kept> kept() const override;

 private:
  using Fetch = Aside<Outcome<rows::Batch>>;

  std::optional<Failure> ending();
  void fetch_ahead();
  void abort();
  async::Task<Outcome<rows::Batch>> take();

  const std::shared_ptr<Protocol> protocol_;
  const std::shared_ptr<Control> control_;
  const Answer answer_;
  std::string first_;      // The body with the first partition, until that is decoded.
  std::size_t next_ = 0;   // The partition to yield next.
  std::size_t ahead_ = 0;  // The partition to begin with next.
  std::map<std::size_t, std::shared_ptr<Fetch>> fetches_;
  std::optional<Failure> failed_;  // Nothing is yielded behind a partition that is missing.
};

}  // namespace coatcheck::warehouse::snowflake
