#include "warehouse/adbc/information.hpp"

#include <arrow/api.h>
#include <arrow/c/bridge.h>

namespace coatcheck::warehouse::adbc {

Information read_information(AdbcConnection* connection, std::span<const std::uint32_t> codes) {
  Information found;
  Released<ArrowArrayStream> stream;
  Error error;
  if (AdbcConnectionGetInfo(connection, codes.data(), codes.size(), stream.get(), error.out()) != ADBC_STATUS_OK)
    return found;
  auto reader = arrow::ImportRecordBatchReader(stream.get());
  if (!reader.ok()) return found;
  auto table = (*reader)->ToTable();
  if (!table.ok() || (*table)->num_columns() != 2) return found;
  for (std::int64_t row = 0; row < (*table)->num_rows(); ++row) {
    const auto code = (*table)->column(0)->GetScalar(row);
    const auto value = (*table)->column(1)->GetScalar(row);
    if (!code.ok() || !value.ok() || (*code)->type->id() != arrow::Type::UINT32 || !(*code)->is_valid) continue;
    if ((*value)->type->id() != arrow::Type::DENSE_UNION) continue;
    const auto& held = static_cast<const arrow::DenseUnionScalar&>(**value).value;
    if (held->type->id() != arrow::Type::STRING || !held->is_valid) continue;
    found[static_cast<const arrow::UInt32Scalar&>(**code).value] = held->ToString();
  }
  return found;
}

}  // namespace coatcheck::warehouse::adbc
