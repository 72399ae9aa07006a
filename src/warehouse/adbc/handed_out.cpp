#include "warehouse/adbc/handed_out.hpp"

#include <arrow/api.h>
#include <arrow/extension/opaque.h>
#include <arrow/extension_type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "warehouse/adbc/errors.hpp"

namespace coatcheck::warehouse::adbc {

namespace {

using Field = std::shared_ptr<arrow::Field>;

// What PostgreSQL calls the type; empty elsewhere.
std::string postgresql_type(const arrow::Field& field) {
  if (!field.HasMetadata()) return {};
  auto found = field.metadata()->Get("POSTGRESQL:type");
  return found.ok() ? *found : std::string();
}

bool is_bytes(const arrow::DataType& type) {
  return type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY ||
         type.id() == arrow::Type::BINARY_VIEW || type.id() == arrow::Type::FIXED_SIZE_BINARY;
}

// Types whose raw bytes are their text.
bool is_text_in_bytes(std::string_view name) {
  constexpr std::array<std::string_view, 5> names = {"xml", "void", "unknown", "cstring", "refcursor"};
  return std::ranges::find(names, name) != names.end();
}

Failure refused(const arrow::Field& field, std::string_view type) {
  return statement_failure(
      "0A000", fmt::format("Column \"{}\" is of type {}, of which the ADBC driver does not yield the value but raw "
                           "bytes or another number. Cast it to text in the statement.",
                           field.name(), type));
}

Result<Field, Failure> exact(const Field& field);

Result<Field, Failure> exact_opaque(const Field& field) {
  const auto& opaque = static_cast<const arrow::extension::OpaqueType&>(*field->type());
  if (!is_bytes(*opaque.storage_type())) return field->WithType(opaque.storage_type())->RemoveMetadata();
  if (is_text_in_bytes(opaque.type_name()) && opaque.storage_type()->id() == arrow::Type::BINARY) {
    return field->WithType(arrow::utf8())->RemoveMetadata();
  }
  return refused(*field, opaque.type_name());
}

Result<arrow::FieldVector, Failure> exact(const arrow::FieldVector& fields) {
  arrow::FieldVector all;
  for (const auto& field : fields) {
    auto one = exact(field);
    if (!one) return std::move(one).error();
    all.push_back(*std::move(one));
  }
  return all;
}

Result<Field, Failure> exact(const Field& field) {
  const auto& type = *field->type();
  const auto name = postgresql_type(*field);
  if (type.id() == arrow::Type::EXTENSION) {
    if (static_cast<const arrow::ExtensionType&>(type).extension_name() == "arrow.opaque") return exact_opaque(field);
    return field->RemoveMetadata();
  }
  // An amount of money comes as a whole number of its smallest unit; a record as a struct of the wrong members.
  if (name == "money" || name == "record") return refused(*field, name);
  if (name == "oid" && type.id() == arrow::Type::INT32) return field->WithType(arrow::uint32())->RemoveMetadata();
  if (type.id() == arrow::Type::LIST || type.id() == arrow::Type::STRUCT) {
    auto members = exact(type.fields());
    if (!members) return std::move(members).error();
    auto whole = type.id() == arrow::Type::LIST ? arrow::list(members->front()) : arrow::struct_(*members);
    return field->WithType(std::move(whole))->RemoveMetadata();
  }
  return field->RemoveMetadata();
}

}  // namespace

Result<rows::Schema, Failure> handed_out(const rows::Schema& schema) {
  auto fields = exact(schema->fields());
  if (!fields) return std::move(fields).error();
  return arrow::schema(*std::move(fields));
}

}  // namespace coatcheck::warehouse::adbc
