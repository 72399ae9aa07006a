#pragma once

#include <arrow/type_fwd.h>

#include <memory>

namespace coatcheck::rows {

// What a query yields: a schema, and batches of rows under it. Immutable and shared; any thread may read.
// Arrow's full headers stay in the .cpp files, for they are large.
using Schema = std::shared_ptr<arrow::Schema>;
using Batch = std::shared_ptr<arrow::RecordBatch>;

}  // namespace coatcheck::rows
