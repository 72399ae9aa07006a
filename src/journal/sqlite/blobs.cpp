#include "journal/sqlite/blobs.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace coatcheck::journal::sqlite {

namespace {

constexpr std::uint8_t blob_version = 1;
constexpr std::uint8_t rows_version = 2;  // Of parameters in rows.

enum class Tag : std::uint8_t { null = 0, no = 1, yes = 2, int64 = 3, uint64 = 4, float64 = 5, text = 6 };

// In rows: another type than the cell above has.
constexpr std::uint8_t flag_new_type = 0x80;

// A parameter takes at least two lengths and a tag.
constexpr std::size_t parameter_bytes_min = 9;
constexpr std::size_t text_bytes_min = 4;
// Every cell of a row has a copy of its name and type, which therefore must be short.
constexpr std::size_t label_bytes_max = 256;

constexpr std::uint8_t flag_retryable = 1;
constexpr std::uint8_t flag_position = 2;

void put_byte(std::string& out, std::uint8_t value) { out.push_back(static_cast<char>(value)); }

void put_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i != bytes; ++i) put_byte(out, static_cast<std::uint8_t>(value >> (8 * i)));
}

// Lengths are 32 bits: a submission past 64 MiB is refused before it comes here.
void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size(), 4);
  out.append(text);
}

std::uint8_t tag_of(const Parameter::Value& value) {
  struct TagOf {
    Tag operator()(std::monostate) const { return Tag::null; }
    Tag operator()(bool held) const { return held ? Tag::yes : Tag::no; }
    Tag operator()(std::int64_t) const { return Tag::int64; }
    Tag operator()(std::uint64_t) const { return Tag::uint64; }
    Tag operator()(double) const { return Tag::float64; }
    Tag operator()(const std::string&) const { return Tag::text; }
  };
  return static_cast<std::uint8_t>(std::visit(TagOf{}, value));
}

// What comes after the tag.
void put_value(std::string& out, const Parameter::Value& value) {
  std::visit(
      [&out](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>) {
          put_text(out, held);
        } else if constexpr (std::is_same_v<Held, double>) {
          put_number(out, std::bit_cast<std::uint64_t>(held), 8);
        } else if constexpr (!std::is_same_v<Held, std::monostate> && !std::is_same_v<Held, bool>) {
          put_number(out, static_cast<std::uint64_t>(held), 8);
        }
      },
      value);
}

// Takes values off the front of some bytes. Past the end everything is zero or empty, and bad() says so.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number(std::size_t bytes) {
    const std::string_view taken = take(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i != taken.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(taken[i])) << (8 * i);
    }
    return value;
  }

  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  std::string text() { return std::string(take(number(4))); }
  std::string label() {
    const std::uint64_t bytes = number(4);
    if (bytes > label_bytes_max) refuse();
    return bad_ ? std::string() : std::string(take(bytes));
  }

  std::size_t left() const { return rest_.size(); }
  void refuse() { bad_ = true; }
  bool bad() const { return bad_; }

 private:
  std::string_view take(std::size_t bytes) {
    if (bytes > rest_.size()) {
      bad_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  std::string_view rest_;
  bool bad_ = false;
};

Parameter::Value take_value(Decoder& decoder, std::uint8_t tag) {
  switch (static_cast<Tag>(tag)) {
    case Tag::null: return std::monostate{};
    case Tag::no: return false;
    case Tag::yes: return true;
    case Tag::int64: return static_cast<std::int64_t>(decoder.number(8));
    case Tag::uint64: return decoder.number(8);
    case Tag::float64: return std::bit_cast<double>(decoder.number(8));
    case Tag::text: return decoder.text();
  }
  decoder.refuse();
  return std::monostate{};
}

Error corrupt(const char* what) { return {Errc::corrupt, std::string("the journal has ") + what + " it cannot read"}; }

std::string encode_one_run(const std::vector<Parameter>& parameters) {
  std::string out;
  put_byte(out, blob_version);
  put_number(out, parameters.size(), 4);
  for (const Parameter& parameter : parameters) {
    put_text(out, parameter.name);
    put_text(out, parameter.type);
    put_byte(out, tag_of(parameter.value));
    put_value(out, parameter.value);
  }
  return out;
}

bool decode_one_run(Decoder& decoder, std::vector<Parameter>& parameters) {
  const std::uint64_t count = decoder.number(4);
  if (count > decoder.left() / parameter_bytes_min) return false;
  parameters.resize(static_cast<std::size_t>(count));
  for (Parameter& parameter : parameters) {
    parameter.name = decoder.text();
    parameter.type = decoder.text();
    parameter.value = take_value(decoder, decoder.byte());
  }
  return true;
}

std::string encode_rows(const ParameterRows& rows) {
  std::string out;
  put_byte(out, rows_version);
  put_number(out, rows.width(), 4);
  for (const Parameter& first : rows.row(0)) put_text(out, first.name);
  put_number(out, rows.size(), 4);
  std::vector<std::string_view> types(rows.width());
  const auto cells = rows.cells();
  for (std::size_t i = 0; i != cells.size(); ++i) {
    std::string_view& type = types[i % types.size()];
    const bool is_new = cells[i].type != type;
    put_byte(out, static_cast<std::uint8_t>(tag_of(cells[i].value) | (is_new ? flag_new_type : 0)));
    if (is_new) {
      type = cells[i].type;
      put_text(out, type);
    }
    put_value(out, cells[i].value);
  }
  return out;
}

bool decode_rows(Decoder& decoder, ParameterRows& rows) {
  const std::uint64_t width = decoder.number(4);
  if (width == 0 || width > parameter_cells_max || width > decoder.left() / text_bytes_min) return false;
  std::vector<std::string> names(static_cast<std::size_t>(width));
  for (std::string& name : names) name = decoder.label();
  const std::uint64_t count = decoder.number(4);
  // A cell takes at least its tag.
  if (count == 0 || count > std::min(parameter_cells_max, decoder.left()) / width) return false;

  std::vector<Parameter> cells(static_cast<std::size_t>(count * width));
  std::vector<std::string> types(names.size());
  for (std::size_t i = 0; i != cells.size(); ++i) {
    std::string& type = types[i % types.size()];
    const std::uint8_t tag = decoder.byte();
    if ((tag & flag_new_type) != 0) {
      std::string other = decoder.label();
      if (other == type) decoder.refuse();
      type = std::move(other);
    }
    cells[i].name = names[i % names.size()];
    cells[i].type = type;
    cells[i].value = take_value(decoder, tag & static_cast<std::uint8_t>(~flag_new_type));
    if (decoder.bad()) return false;
  }
  rows = ParameterRows(names.size(), std::move(cells));
  return true;
}

}  // namespace

std::string encode_parameters(const coatcheck::Statement& statement) {
  return statement.parameter_rows.empty() ? encode_one_run(statement.parameters)
                                          : encode_rows(statement.parameter_rows);
}

bool holds_rows(std::string_view bytes) { return bytes.starts_with(static_cast<char>(rows_version)); }

Result<void> decode_parameters(std::string_view bytes, coatcheck::Statement& statement) {
  Decoder decoder(bytes);
  bool decoded = false;
  switch (decoder.byte()) {
    case blob_version: decoded = decode_one_run(decoder, statement.parameters); break;
    case rows_version: decoded = decode_rows(decoder, statement.parameter_rows); break;
    default: break;
  }
  if (!decoded || decoder.bad() || decoder.left() != 0) return corrupt("parameters");
  return Result<void>::ok();
}

std::string encode_failure(const Failure& failure) {
  std::string out;
  put_byte(out, blob_version);
  put_text(out, to_string(failure.category));
  put_text(out, failure.code);
  put_text(out, failure.sqlstate);
  put_text(out, failure.message);
  put_byte(out, static_cast<std::uint8_t>((failure.retryable ? flag_retryable : 0) |
                                          (failure.position ? flag_position : 0)));
  if (failure.position) put_number(out, *failure.position, 8);
  return out;
}

Result<Failure> decode_failure(std::string_view bytes) {
  Decoder decoder(bytes);
  if (decoder.byte() != blob_version) return corrupt("a failure");
  const auto category = parse_failure_category(decoder.text());
  if (!category) return corrupt("a failure");

  Failure failure;
  failure.category = *category;
  failure.code = decoder.text();
  failure.sqlstate = decoder.text();
  failure.message = decoder.text();
  const std::uint8_t flags = decoder.byte();
  if ((flags & ~(flag_retryable | flag_position)) != 0) return corrupt("a failure");
  failure.retryable = (flags & flag_retryable) != 0;
  if ((flags & flag_position) != 0) failure.position = decoder.number(8);
  if (decoder.bad() || decoder.left() != 0) return corrupt("a failure");
  return failure;
}

}  // namespace coatcheck::journal::sqlite
