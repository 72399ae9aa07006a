#include <arrow/type.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "rows/names.hpp"
#include "rows/text/binding.hpp"
#include "rows/text/strings.hpp"

namespace coatcheck::rows::text {
namespace {

// Containers ask for room before each element, as their size is known only on the way.
constexpr std::size_t punctuation = 4;

char* put(char* at, Scratch& scratch, char c) {
  at = scratch.room(at, 1);
  *at = c;
  return at + 1;
}

char* write_element(Column& child, std::int64_t row, char* at, Scratch& scratch) {
  return write_value<Style::json>(child, row, scratch.room(at, child.bound + punctuation), scratch);
}

// --- Lists and maps -----------------------------------------------------------------------------

struct Range {
  std::int64_t begin;
  std::int64_t end;
};
using Elements = Range (*)(const Column& column, std::int64_t row);

template <class Offset>
Offset at_index(const void* array, std::int64_t index) {
  Offset value;
  std::memcpy(&value, static_cast<const char*>(array) + index * static_cast<std::int64_t>(sizeof(Offset)),
              sizeof(Offset));
  return value;
}

template <class Offset>
Range between_offsets(const Column& column, std::int64_t row) {
  return {at_index<Offset>(column.offsets, row), at_index<Offset>(column.offsets, row + 1)};
}

template <class Offset>
Range of_view(const Column& column, std::int64_t row) {
  const std::int64_t begin = at_index<Offset>(column.offsets, row);
  const std::int64_t size = at_index<Offset>(column.sizes, row);
  // A sum past the end of the numbers would wrap to what looks right.
  if (begin < 0 || begin > column.limit || size > column.limit - begin) return {0, -1};
  return {begin, begin + size};
}

Range of_fixed_size(const Column& column, std::int64_t row) {
  const std::int64_t begin = (row + column.base) * column.width;
  return {begin, begin + column.width};
}

// Returns no elements for a range that leaves its child.
Range checked(const Column& column, Range range, Scratch& scratch) {
  if (range.begin >= 0 && range.begin <= range.end && range.end <= column.limit) [[likely]]
    return range;
  scratch.mark_corrupt();
  return {0, 0};
}

template <Elements elements>
char* write_list(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  const Range range = checked(column, elements(column, row), scratch);
  Column& child = column.children[0];
  *at++ = '[';
  for (std::int64_t i = range.begin; i < range.end; ++i) {
    if (i > range.begin) at = put(at, scratch, ',');
    at = write_element(child, i, at, scratch);
  }
  return put(at, scratch, ']');
}

template <class Offset>
void bind_list(Column& column, const arrow::ArrayData& data) {
  const std::int64_t skipped = data.offset * static_cast<std::int64_t>(sizeof(Offset));
  column.offsets = buffer_at(data, 1, skipped);
  column.sizes = buffer_at(data, 2, skipped);
  column.limit = data.child_data[0]->length;
  bind(column.children[0], *data.child_data[0]);
}

void bind_map(Column& column, const arrow::ArrayData& data) {
  const arrow::ArrayData& entries = *data.child_data[0];
  column.offsets = buffer_at(data, 1, data.offset * static_cast<std::int64_t>(sizeof(std::int32_t)));
  column.limit = entries.length;
  column.base = entries.offset;
  bind(column.children[0], *entries.child_data[0]);
  bind(column.children[1], *entries.child_data[1]);
}

// Keys that are strings make an object; others cannot, so they make an array of pairs.
template <bool as_object>
char* write_map(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  const Range range = checked(column, between_offsets<std::int32_t>(column, row), scratch);
  *at++ = as_object ? '{' : '[';
  for (std::int64_t i = range.begin; i < range.end; ++i) {
    constexpr std::string_view key = "{\"key\":";
    constexpr std::string_view value = ",\"value\":";
    if (i > range.begin) at = put(at, scratch, ',');
    at = scratch.room(at, key.size());
    if constexpr (!as_object) at = std::copy(key.begin(), key.end(), at);
    at = write_element(column.children[0], i + column.base, at, scratch);
    at = scratch.room(at, value.size());
    if constexpr (as_object) {
      *at++ = ':';
    } else {
      at = std::copy(value.begin(), value.end(), at);
    }
    at = write_element(column.children[1], i + column.base, at, scratch);
    if constexpr (!as_object) at = put(at, scratch, '}');
  }
  return put(at, scratch, as_object ? '}' : ']');
}

bool is_string(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return true;
    case arrow::Type::DICTIONARY: return is_string(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default: return false;
  }
}

// --- Structs and unions -------------------------------------------------------------------------

char* write_struct(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  *at++ = '{';
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    const std::string& label = column.labels[i];
    at = scratch.room(at, label.size());
    at = std::copy(label.begin(), label.end(), at);
    at = write_element(column.children[i], row + column.base, at, scratch);
  }
  return put(at, scratch, '}');
}

void bind_children(Column& column, const arrow::ArrayData& data) {
  column.values = buffer_at(data, 1, data.offset);
  column.offsets = buffer_at(data, 2, data.offset * static_cast<std::int64_t>(sizeof(std::int32_t)));
  for (std::size_t i = 0; i < column.children.size(); ++i) bind(column.children[i], *data.child_data[i]);
}

// The value alone: which member it is shows in Arrow only.
template <bool is_dense>
char* write_union(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  const auto code = column.value<std::int8_t>(row);
  const std::int8_t index = code < 0 ? std::int8_t{-1} : column.type_codes[static_cast<std::size_t>(code)];
  const std::int64_t child_row = is_dense ? at_index<std::int32_t>(column.offsets, row) : row + column.base;
  if (index < 0 || child_row < 0 || child_row >= column.children[static_cast<std::size_t>(index)].data->length) {
    scratch.mark_corrupt();
    return at;
  }
  return write_element(column.children[static_cast<std::size_t>(index)], child_row, at, scratch);
}

// --- Encodings that stand for another type ------------------------------------------------------

template <Style style, class Index>
char* write_dictionary(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  const auto index = column.value<Index>(row);
  if (std::cmp_less(index, 0) || std::cmp_greater_equal(index, column.limit)) [[unlikely]] {
    scratch.mark_corrupt();
    return at;
  }
  return write_value<style>(column.children[0], static_cast<std::int64_t>(index), at, scratch);
}

template <class Index>
void bind_dictionary(Column& column, const arrow::ArrayData& data) {
  bind_fixed<Index>(column, data);
  column.limit = data.dictionary->length;
  bind(column.children[0], *data.dictionary);
}

template <Style style, class RunEnd>
char* write_run(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  const auto* const ends = static_cast<const RunEnd*>(column.offsets);
  const std::int64_t logical_row = row + column.base;
  const auto* const run = std::upper_bound(ends, ends + column.limit, logical_row);
  if (run == ends + column.limit) [[unlikely]] {
    scratch.mark_corrupt();
    return at;
  }
  return write_value<style>(column.children[0], run - ends, at, scratch);
}

template <class RunEnd>
void bind_runs(Column& column, const arrow::ArrayData& data) {
  const arrow::ArrayData& ends = *data.child_data[0];
  column.offsets = buffer_at(ends, 1, ends.offset * static_cast<std::int64_t>(sizeof(RunEnd)));
  column.limit = std::min(ends.length, data.child_data[1]->length);
  bind(column.children[0], *data.child_data[1]);
}

template <Style style, class Index>
void make_dictionary(Column& column) {
  column.write = write_dictionary<style, Index>;
  column.bind_buffers = bind_dictionary<Index>;
}

template <Style style>
bool make_dictionary(Column& column, const arrow::DataType& index_type) {
  switch (index_type.id()) {
    case arrow::Type::INT8: make_dictionary<style, std::int8_t>(column); return true;
    case arrow::Type::INT16: make_dictionary<style, std::int16_t>(column); return true;
    case arrow::Type::INT32: make_dictionary<style, std::int32_t>(column); return true;
    case arrow::Type::INT64: make_dictionary<style, std::int64_t>(column); return true;
    case arrow::Type::UINT8: make_dictionary<style, std::uint8_t>(column); return true;
    case arrow::Type::UINT16: make_dictionary<style, std::uint16_t>(column); return true;
    case arrow::Type::UINT32: make_dictionary<style, std::uint32_t>(column); return true;
    case arrow::Type::UINT64: make_dictionary<style, std::uint64_t>(column); return true;
    default: return false;
  }
}

template <Style style, class RunEnd>
bool make_runs(Column& column) {
  column.write = write_run<style, RunEnd>;
  column.bind_buffers = bind_runs<RunEnd>;
  return true;
}

template <Style style>
bool make_runs(Column& column, const arrow::DataType& run_end_type) {
  switch (run_end_type.id()) {
    case arrow::Type::INT16: return make_runs<style, std::int16_t>(column);
    case arrow::Type::INT32: return make_runs<style, std::int32_t>(column);
    case arrow::Type::INT64: return make_runs<style, std::int64_t>(column);
    default: return false;
  }
}

template <Style style>
Result<bool> make_encoded(Column& column, const arrow::DataType& type, int depth) {
  const bool is_dictionary = type.id() == arrow::Type::DICTIONARY;
  const arrow::DataType& value_type = is_dictionary ? *static_cast<const arrow::DictionaryType&>(type).value_type()
                                                    : *static_cast<const arrow::RunEndEncodedType&>(type).value_type();
  Result<Column> child = make_column(value_type, style, depth + 1);
  if (!child) return std::move(child).error();
  column.bound = child->bound;
  column.children.push_back(std::move(*child));
  return is_dictionary ? make_dictionary<style>(column, *static_cast<const arrow::DictionaryType&>(type).index_type())
                       : make_runs<style>(column, *static_cast<const arrow::RunEndEncodedType&>(type).run_end_type());
}

// --- What to call for which type ----------------------------------------------------------------

void set(Column& column, Column::Write write, Column::Bind bind_buffers) {
  column.write = write;
  column.bind_buffers = bind_buffers;
}

bool choose_container(Column& column, const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
      set(column, write_list<between_offsets<std::int32_t>>, bind_list<std::int32_t>);
      return true;
    case arrow::Type::LARGE_LIST:
      set(column, write_list<between_offsets<std::int64_t>>, bind_list<std::int64_t>);
      return true;
    case arrow::Type::LIST_VIEW: set(column, write_list<of_view<std::int32_t>>, bind_list<std::int32_t>); return true;
    case arrow::Type::LARGE_LIST_VIEW:
      set(column, write_list<of_view<std::int64_t>>, bind_list<std::int64_t>);
      return true;
    case arrow::Type::FIXED_SIZE_LIST:
      column.width = static_cast<const arrow::FixedSizeListType&>(type).list_size();
      set(column, write_list<of_fixed_size>, bind_list<std::int32_t>);
      return true;
    case arrow::Type::MAP:
      set(column, is_string(*static_cast<const arrow::MapType&>(type).key_type()) ? write_map<true> : write_map<false>,
          bind_map);
      return true;
    case arrow::Type::STRUCT: set(column, write_struct, bind_children); return true;
    case arrow::Type::SPARSE_UNION: set(column, write_union<false>, bind_children); return true;
    case arrow::Type::DENSE_UNION: set(column, write_union<true>, bind_children); return true;
    default: return false;
  }
}

void set_labels(Column& column, const arrow::DataType& type) {
  std::vector<std::string> names;
  for (const auto& field : type.fields()) names.push_back(field->name());
  for (const std::string& name : unique_names(names)) {
    column.labels.push_back((column.labels.empty() ? "" : ",") + json_string(name) + ":");
  }
}

void set_type_codes(Column& column, const arrow::DataType& type) {
  column.type_codes.assign(128, -1);
  const auto& codes = static_cast<const arrow::UnionType&>(type).type_codes();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    column.type_codes[static_cast<std::size_t>(codes[i])] = static_cast<std::int8_t>(i);
  }
}

Result<bool> make_container(Column& column, const arrow::DataType& type, int depth) {
  if (!choose_container(column, type)) return false;
  column.bound = punctuation;
  const arrow::FieldVector& fields = type.id() == arrow::Type::MAP ? type.field(0)->type()->fields() : type.fields();
  for (const auto& field : fields) {
    Result<Column> child = make_column(*field->type(), Style::json, depth + 1);
    if (!child) return std::move(child).error();
    column.children.push_back(std::move(*child));
  }
  if (type.id() == arrow::Type::STRUCT) set_labels(column, type);
  if (type.id() == arrow::Type::SPARSE_UNION || type.id() == arrow::Type::DENSE_UNION) set_type_codes(column, type);
  return true;
}

// In CSV a container is its JSON text. A union whose member is null is a NULL field.
char* write_nested_field(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  Scratch& nested = *column.nested;
  const char* const end = write_element(column.children[0], row, nested.begin(), nested);
  if (nested.is_corrupt()) scratch.mark_corrupt();
  const std::string_view text(nested.begin(), static_cast<std::size_t>(end - nested.begin()));
  return text == "null" ? at : write_csv_field(at, scratch, text);
}

void bind_nested_field(Column& column, const arrow::ArrayData& data) { bind(column.children[0], data); }

}  // namespace

Result<bool> make_nested(Column& column, const arrow::DataType& type, Style style, int depth) {
  if (type.id() == arrow::Type::DICTIONARY || type.id() == arrow::Type::RUN_END_ENCODED) {
    return style == Style::json ? make_encoded<Style::json>(column, type, depth)
                                : make_encoded<Style::csv>(column, type, depth);
  }
  if (style == Style::json) return make_container(column, type, depth);
  Column container;
  Result<bool> made = make_container(container, type, depth);
  if (!made || !*made) return made;
  column.children.push_back(std::move(container));
  column.nested = std::make_unique<Scratch>();
  set(column, write_nested_field, bind_nested_field);
  return true;
}

}  // namespace coatcheck::rows::text
