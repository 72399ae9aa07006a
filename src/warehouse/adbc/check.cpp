#include "warehouse/adbc/check.hpp"

#include <arrow/api.h>
#include <arrow/c/bridge.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "warehouse/adbc/handles.hpp"

namespace coatcheck::warehouse::adbc {

namespace {

// What every database that speaks SQL can answer, more or less.
constexpr const char* cheapest_statement = "SELECT 1";

using Information = std::map<std::uint32_t, std::string>;

// Returns the texts that the driver has for these codes; those it does not know are not there.
Information read_information(AdbcConnection* connection) {
  constexpr std::array<std::uint32_t, 4> codes = {ADBC_INFO_VENDOR_NAME, ADBC_INFO_VENDOR_VERSION,
                                                  ADBC_INFO_DRIVER_NAME, ADBC_INFO_DRIVER_VERSION};
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

// "PostgreSQL 15.14"; empty without a name.
std::string named(const Information& information, std::uint32_t name, std::uint32_t version) {
  const auto called = information.find(name);
  if (called == information.end()) return {};
  const auto numbered = information.find(version);
  return numbered == information.end() ? called->second : called->second + " " + numbered->second;
}

std::string words_of(AdbcConnection* connection) {
  const auto information = read_information(connection);
  std::string words = named(information, ADBC_INFO_VENDOR_NAME, ADBC_INFO_VENDOR_VERSION);
  const std::string driver = named(information, ADBC_INFO_DRIVER_NAME, ADBC_INFO_DRIVER_VERSION);
  if (!driver.empty()) words += (words.empty() ? "by " : ", by ") + driver;
  return words;
}

}  // namespace

Outcome<std::string> check(Database& database) {
  auto connection = database.take();
  if (!connection) return std::move(connection).error();
  auto failure = (*connection)->command(cheapest_statement);
  if (failure && (*connection)->used) {
    // It was kept and may have been lost meanwhile.
    connection = database.take_new();
    if (!connection) return std::move(connection).error();
    failure = (*connection)->command(cheapest_statement);
  }
  if (failure) return *std::move(failure);
  std::string words = words_of((*connection)->get());
  database.give_back(std::move(*connection));
  return words;
}

}  // namespace coatcheck::warehouse::adbc
