#include "api/snowflake/request_key.hpp"

#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <type_traits>
#include <variant>

namespace coatcheck::api::snowflake {

static_assert(fingerprint_bytes == SHA256_DIGEST_LENGTH);

std::string request_key(std::string_view request_id) { return "snowflake:" + std::string(request_id); }

std::string fingerprint_of(const Statement& statement) {
  std::string asked;  // All parts, each after its length, so that none can pass for another.
  const auto add = [&asked](std::string_view text) {
    asked += std::to_string(text.size());
    asked += ':';
    asked += text;
  };
  const auto add_value = [&add](const auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string>) {
      add(value);
    } else if constexpr (!std::is_same_v<Value, std::monostate>) {
      add({reinterpret_cast<const char*>(&value), sizeof value});
    }
  };
  add(statement.text);
  for (const Parameter& parameter : statement.parameters) {
    add(parameter.name);
    add(parameter.type);
    add(std::to_string(parameter.value.index()));
    std::visit(add_value, parameter.value);
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(asked.data()), asked.size(), digest.data());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace coatcheck::api::snowflake
