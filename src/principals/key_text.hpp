#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "principals/keyring.hpp"

namespace coatcheck::principals {

// The text of a key: "coat_<id>_<secret>", 57 characters.
inline constexpr std::size_t key_id_length = 8;
inline constexpr std::size_t key_secret_length = 43;
inline constexpr std::size_t key_text_length = 5 + key_id_length + 1 + key_secret_length;

// Returns a new key's text: an id of 40 random bits and a secret of 256. Errc::unavailable if the system
// has no randomness to give.
Result<std::string> make_key_text();

// Returns the id within a key's text, or nothing if `text` does not have the form of one.
std::optional<std::string_view> key_id(std::string_view text);

bool is_key_id(std::string_view id);

KeyHash hash_key(std::string_view text);

// Compares in a time that does not depend on where they differ.
bool same_hash(const KeyHash& a, const KeyHash& b);

}  // namespace coatcheck::principals
