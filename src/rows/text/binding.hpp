#pragma once

#include <arrow/array/data.h>
#include <arrow/buffer.h>

#include "rows/text/column.hpp"

// What the files of this folder that know a family of types share with column.cpp. Not for others.
namespace coatcheck::rows::text {

// The families that make_column() chooses from. Each returns false if the type is not of its family.
bool make_number(Column& column, const arrow::DataType& type, Style style);
bool make_moment(Column& column, const arrow::DataType& type, Style style);
bool make_string(Column& column, const arrow::DataType& type, Style style);
// Makes its children too, so it can fail.
Result<bool> make_nested(Column& column, const arrow::DataType& type, Style style, int depth);
// Makes a column of 16-byte values one of UUIDs.
void make_uuid(Column& column, Style style);

inline const void* buffer_at(const arrow::ArrayData& data, std::size_t index, std::int64_t bytes) {
  if (index >= data.buffers.size() || data.buffers[index] == nullptr) return nullptr;
  return data.buffers[index]->data() + bytes;
}

inline void bind_nothing(Column&, const arrow::ArrayData&) {}

template <class T>
void bind_fixed(Column& column, const arrow::ArrayData& data) {
  column.values = buffer_at(data, 1, data.offset * static_cast<std::int64_t>(sizeof(T)));
}

// In JSON what is no number, truth value or container is in quotes.
template <Style style>
char* quote(char* at) {
  if constexpr (style == Style::csv) return at;
  *at = '"';
  return at + 1;
}

template <Style style>
char* write_word(char* at, std::string_view word) {
  at = quote<style>(at);
  std::memcpy(at, word.data(), word.size());
  return quote<style>(at + word.size());
}

}  // namespace coatcheck::rows::text
