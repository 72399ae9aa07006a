#include "journal/sqlite/blobs.hpp"

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

enum class Tag : std::uint8_t { null = 0, no = 1, yes = 2, int64 = 3, uint64 = 4, float64 = 5, text = 6 };

// A parameter takes at least two lengths and a tag.
constexpr std::size_t parameter_bytes_min = 9;

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

void put_value(std::string& out, const Parameter::Value& value) {
  std::visit(
      [&out](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        const auto put_tagged = [&out](Tag tag, std::uint64_t number) {
          put_byte(out, static_cast<std::uint8_t>(tag));
          put_number(out, number, 8);
        };
        if constexpr (std::is_same_v<Held, std::monostate>) {
          put_byte(out, static_cast<std::uint8_t>(Tag::null));
        } else if constexpr (std::is_same_v<Held, bool>) {
          put_byte(out, static_cast<std::uint8_t>(held ? Tag::yes : Tag::no));
        } else if constexpr (std::is_same_v<Held, std::int64_t>) {
          put_tagged(Tag::int64, static_cast<std::uint64_t>(held));
        } else if constexpr (std::is_same_v<Held, std::uint64_t>) {
          put_tagged(Tag::uint64, held);
        } else if constexpr (std::is_same_v<Held, double>) {
          put_tagged(Tag::float64, std::bit_cast<std::uint64_t>(held));
        } else {
          put_byte(out, static_cast<std::uint8_t>(Tag::text));
          put_text(out, held);
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

Parameter::Value take_value(Decoder& decoder) {
  switch (static_cast<Tag>(decoder.byte())) {
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

}  // namespace

std::string encode_parameters(const std::vector<Parameter>& parameters) {
  std::string out;
  put_byte(out, blob_version);
  put_number(out, parameters.size(), 4);
  for (const Parameter& parameter : parameters) {
    put_text(out, parameter.name);
    put_text(out, parameter.type);
    put_value(out, parameter.value);
  }
  return out;
}

Result<std::vector<Parameter>> decode_parameters(std::string_view bytes) {
  Decoder decoder(bytes);
  if (decoder.byte() != blob_version) return corrupt("parameters");
  const std::uint64_t count = decoder.number(4);
  if (count > decoder.left() / parameter_bytes_min) return corrupt("parameters");

  std::vector<Parameter> parameters(static_cast<std::size_t>(count));
  for (Parameter& parameter : parameters) {
    parameter.name = decoder.text();
    parameter.type = decoder.text();
    parameter.value = take_value(decoder);
  }
  if (decoder.bad() || decoder.left() != 0) return corrupt("parameters");
  return parameters;
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
