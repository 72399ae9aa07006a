#include <arrow/type.h>

#include <cstdint>
#include <string_view>

#include "rows/text/binding.hpp"
#include "rows/text/strings.hpp"

namespace coatcheck::rows::text {
namespace {

// Where the characters of one value lie. A value that points outside its buffer is a corrupt batch.
using Characters = std::string_view (*)(const Column& column, std::int64_t row, Scratch& scratch);

template <class Offset>
std::string_view between_offsets(const Column& column, std::int64_t row, Scratch& scratch) {
  Offset range[2];
  std::memcpy(range, static_cast<const char*>(column.offsets) + row * static_cast<std::int64_t>(sizeof(Offset)),
              sizeof(range));
  if (range[0] < 0 || range[1] < range[0] || range[1] > column.limit) [[unlikely]] {
    scratch.mark_corrupt();
    return {};
  }
  return {static_cast<const char*>(column.values) + range[0], static_cast<std::size_t>(range[1] - range[0])};
}

template <class Offset>
void bind_offsets(Column& column, const arrow::ArrayData& data) {
  column.offsets = buffer_at(data, 1, data.offset * static_cast<std::int64_t>(sizeof(Offset)));
  column.values = buffer_at(data, 2, 0);
  column.limit = column.values == nullptr ? 0 : data.buffers[2]->size();
}

std::string_view of_fixed_size(const Column& column, std::int64_t row, Scratch&) {
  return {static_cast<const char*>(column.values) + row * column.width, static_cast<std::size_t>(column.width)};
}

void bind_fixed_size(Column& column, const arrow::ArrayData& data) {
  column.values = buffer_at(data, 1, data.offset * column.width);
}

// Short strings lie in the view itself, others in one of the buffers after it.
std::string_view of_view(const Column& column, std::int64_t row, Scratch& scratch) {
  using View = arrow::BinaryViewType::c_type;
  const auto* view = static_cast<const View*>(column.values) + row;
  const std::int64_t size = view->size();
  if (size >= 0 && view->is_inline()) {
    return {reinterpret_cast<const char*>(view->inline_data()), static_cast<std::size_t>(size)};
  }
  const auto& buffers = column.data->buffers;
  const std::int64_t index = std::int64_t{view->ref.buffer_index} + 2;
  const std::int64_t offset = view->ref.offset;
  if (size < 0 || offset < 0 || index < 2 || index >= static_cast<std::int64_t>(buffers.size()) ||
      offset + size > buffers[static_cast<std::size_t>(index)]->size()) [[unlikely]] {
    scratch.mark_corrupt();
    return {};
  }
  return {reinterpret_cast<const char*>(buffers[static_cast<std::size_t>(index)]->data()) + offset,
          static_cast<std::size_t>(size)};
}

template <Style style, Characters characters>
char* write_text(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  const std::string_view text = characters(column, row, scratch);
  if constexpr (style == Style::json) return write_json_string(at, scratch, text);
  return write_csv_field(at, scratch, text);
}

template <Style style, Characters characters>
char* write_bytes(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  const std::string_view bytes = characters(column, row, scratch);
  // The empty value is not NULL.
  if (style == Style::csv && bytes.empty()) return write_word<Style::json>(at, "");
  at = write_base64(quote<style>(at), scratch, bytes);
  return quote<style>(at);
}

template <Style style>
char* write_uuid_value(Column& column, std::int64_t row, char* at, Scratch&) {
  const auto* bytes = static_cast<const unsigned char*>(column.values) + row * column.width;
  return quote<style>(write_uuid(quote<style>(at), bytes));
}

bool make(Column& column, Column::Write write, Column::Bind bind_buffers) {
  column.write = write;
  column.bind_buffers = bind_buffers;
  column.bound = 4;
  return true;
}

template <Style style>
bool make_string_in(Column& column, const arrow::DataType& type) {
  constexpr Characters small = between_offsets<std::int32_t>;
  constexpr Characters large = between_offsets<std::int64_t>;
  constexpr auto bind_views = bind_fixed<arrow::BinaryViewType::c_type>;
  switch (type.id()) {
    case arrow::Type::STRING: return make(column, write_text<style, small>, bind_offsets<std::int32_t>);
    case arrow::Type::LARGE_STRING: return make(column, write_text<style, large>, bind_offsets<std::int64_t>);
    case arrow::Type::STRING_VIEW: return make(column, write_text<style, of_view>, bind_views);
    case arrow::Type::BINARY: return make(column, write_bytes<style, small>, bind_offsets<std::int32_t>);
    case arrow::Type::LARGE_BINARY: return make(column, write_bytes<style, large>, bind_offsets<std::int64_t>);
    case arrow::Type::BINARY_VIEW: return make(column, write_bytes<style, of_view>, bind_views);
    case arrow::Type::FIXED_SIZE_BINARY:
      column.width = static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width();
      return make(column, write_bytes<style, of_fixed_size>, bind_fixed_size);
    default: return false;
  }
}

}  // namespace

bool make_string(Column& column, const arrow::DataType& type, Style style) {
  return style == Style::json ? make_string_in<Style::json>(column, type) : make_string_in<Style::csv>(column, type);
}

void make_uuid(Column& column, Style style) {
  column.write = style == Style::json ? write_uuid_value<Style::json> : write_uuid_value<Style::csv>;
  column.bound = 38;
}

}  // namespace coatcheck::rows::text
