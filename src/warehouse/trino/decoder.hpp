#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "rows/batch.hpp"
#include "warehouse/trino/type.hpp"

namespace coatcheck::warehouse::trino {

struct Column {
  std::string name;
  Type type;
};

// Turns rows as Trino writes them, arrays of arrays in JSON, into Arrow batches. One call at a time, on any thread.
class Decoder {
 public:
  explicit Decoder(const std::vector<Column>& columns);
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  const rows::Schema& schema() const { return schema_; }

  // Reads all rows of the text, which is one array. A value that is not of its column's type is a failure.
  Result<rows::Batch, Failure> decode(std::string_view rows);

 private:
  struct State;
  rows::Schema schema_;
  std::unique_ptr<State> state_;
};

}  // namespace coatcheck::warehouse::trino
