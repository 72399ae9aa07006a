#include "warehouse/duckdb/exact_type.hpp"

#include <duckdb/common/types.hpp>
#include <duckdb/common/types/data_chunk.hpp>
#include <duckdb/common/types/vector.hpp>
#include <utility>

namespace coatcheck::warehouse::duckdb {

namespace {

using ::duckdb::idx_t;
using ::duckdb::LogicalType;
using ::duckdb::LogicalTypeId;
using ::duckdb::Vector;

std::uint64_t bytes_of(Vector& vector, idx_t count) {
  const auto type = vector.GetType().InternalType();
  if (type == ::duckdb::PhysicalType::VARCHAR) {
    ::duckdb::UnifiedVectorFormat format;
    vector.ToUnifiedFormat(count, format);
    const auto* strings = ::duckdb::UnifiedVectorFormat::GetData<::duckdb::string_t>(format);
    std::uint64_t bytes = 0;
    for (idx_t i = 0; i < count; ++i) {
      const auto at = format.sel->get_index(i);
      if (format.validity.RowIsValid(at)) bytes += strings[at].GetSize();
    }
    return bytes + count * sizeof(std::int32_t);
  }
  if (type == ::duckdb::PhysicalType::LIST) {
    return bytes_of(::duckdb::ListVector::GetEntry(vector), ::duckdb::ListVector::GetListSize(vector));
  }
  if (type == ::duckdb::PhysicalType::ARRAY) {
    return bytes_of(::duckdb::ArrayVector::GetEntry(vector), ::duckdb::ArrayVector::GetTotalSize(vector));
  }
  if (type == ::duckdb::PhysicalType::STRUCT) {
    std::uint64_t bytes = 0;
    for (auto& entry : ::duckdb::StructVector::GetEntries(vector)) bytes += bytes_of(*entry, count);
    return bytes;
  }
  return count * ::duckdb::GetTypeIdSize(type);
}

}  // namespace

::duckdb::LogicalType exact_type(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::UHUGEINT:
    case LogicalTypeId::BIGNUM:
    case LogicalTypeId::BIT:
    case LogicalTypeId::TIME_TZ:
    case LogicalTypeId::TIME_NS:
    case LogicalTypeId::VARIANT: return LogicalType::VARCHAR;
    case LogicalTypeId::LIST: return LogicalType::LIST(exact_type(::duckdb::ListType::GetChildType(type)));
    case LogicalTypeId::ARRAY:
      return LogicalType::ARRAY(exact_type(::duckdb::ArrayType::GetChildType(type)),
                                ::duckdb::ArrayType::GetSize(type));
    case LogicalTypeId::MAP:
      return LogicalType::MAP(exact_type(::duckdb::MapType::KeyType(type)),
                              exact_type(::duckdb::MapType::ValueType(type)));
    case LogicalTypeId::STRUCT: {
      ::duckdb::child_list_t<LogicalType> members;
      for (const auto& [name, member] : ::duckdb::StructType::GetChildTypes(type)) {
        members.emplace_back(name, exact_type(member));
      }
      return LogicalType::STRUCT(std::move(members));
    }
    case LogicalTypeId::UNION: {
      ::duckdb::child_list_t<LogicalType> members;
      for (idx_t i = 0; i < ::duckdb::UnionType::GetMemberCount(type); ++i) {
        members.emplace_back(::duckdb::UnionType::GetMemberName(type, i),
                             exact_type(::duckdb::UnionType::GetMemberType(type, i)));
      }
      return LogicalType::UNION(std::move(members));
    }
    default: return type;
  }
}

std::uint64_t bytes_of(::duckdb::DataChunk& chunk) {
  std::uint64_t bytes = 0;
  for (auto& column : chunk.data) bytes += bytes_of(column, chunk.size());
  return bytes;
}

}  // namespace coatcheck::warehouse::duckdb
