#include "api/snowflake/request_key.hpp"

#include <openssl/sha.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

namespace coatcheck::api::snowflake {

static_assert(fingerprint_bytes == SHA256_DIGEST_LENGTH);

std::string request_key(std::string_view request_id) { return "snowflake:" + std::string(request_id); }

namespace {

// All parts, each after its length, so that none can pass for another.
class Asked {
 public:
  void add(std::string_view text) {
    std::array<char, 20> digits{};
    text_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), text.size()).ptr);
    text_ += ':';
    text_ += text;
  }

  void add(const Parameter& parameter) {
    add(parameter.name);
    add(parameter.type);
    add(std::to_string(parameter.value.index()));
    std::visit([this](const auto& value) { add_value(value); }, parameter.value);
  }

  // Begins with no length, so that rows are not parameters. There may be a million cells: what they share is said once.
  void add(const ParameterRows& rows) {
    text_ += "rows:";
    add(std::to_string(rows.width()));
    for (const Parameter& first : rows.row(0)) add(first.name);
    std::vector<std::string_view> types(rows.width());
    const auto cells = rows.cells();
    for (std::size_t i = 0; i != cells.size(); ++i) {
      std::string_view& type = types[i % types.size()];
      if (type != cells[i].type) {
        type = cells[i].type;
        text_ += 't';
        add(type);
      }
      text_ += static_cast<char>('0' + cells[i].value.index());
      std::visit([this](const auto& value) { add_value(value); }, cells[i].value);
    }
  }

  std::string digest() const {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text_.data()), text_.size(), digest.data());
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
  }

 private:
  template <class Value>
  void add_value(const Value& value) {
    if constexpr (std::is_same_v<Value, std::string>) {
      add(value);
    } else if constexpr (!std::is_same_v<Value, std::monostate>) {
      add(std::string_view(reinterpret_cast<const char*>(&value), sizeof value));
    }
  }

  std::string text_;
};

}  // namespace

std::string fingerprint_of(const Statement& statement) {
  Asked asked;
  asked.add(statement.text);
  for (const Parameter& parameter : statement.parameters) asked.add(parameter);
  if (!statement.parameter_rows.empty()) asked.add(statement.parameter_rows);
  return asked.digest();
}

}  // namespace coatcheck::api::snowflake
