#include "principals/key_text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace coatcheck::principals {

namespace {

constexpr std::string_view prefix = "coat_";
constexpr std::string_view base32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Writes `bytes` in digits of `digit_bits` bits each, most significant first, the last filled up with zeros.
std::string in_digits(std::span<const std::uint8_t> bytes, std::string_view digits, unsigned digit_bits) {
  std::string text;
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  const auto take = [&] { text += digits[(held >> held_bits) & ((1U << digit_bits) - 1)]; };
  for (const std::uint8_t byte : bytes) {
    held = held << 8 | byte;
    for (held_bits += 8; held_bits >= digit_bits;) {
      held_bits -= digit_bits;
      take();
    }
  }
  if (held_bits != 0) {
    held <<= digit_bits - held_bits;
    held_bits = 0;
    take();
  }
  return text;
}

using Digits = std::array<bool, 256>;  // Which characters are digits.

constexpr Digits digits_of(std::string_view digits) {
  Digits found{};
  for (const char digit : digits) found[static_cast<unsigned char>(digit)] = true;
  return found;
}

// By a table: every request with a key is asked, and the library would search `digits` for each character.
bool consists_of(std::string_view text, const Digits& digits) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return digits[static_cast<unsigned char>(c)]; });
}

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

constexpr Digits base32_digits = digits_of(base32);
constexpr Digits base64url_digits = digits_of(base64url);

}  // namespace

Result<std::string> make_key_text() {
  std::array<std::uint8_t, 5 + 32> random{};
  if (RAND_priv_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return Error{Errc::unavailable, "the system gives no random bytes for a key"};
  }
  const std::span<const std::uint8_t> bytes(random);
  std::string text(prefix);
  text += in_digits(bytes.first(5), base32, 5);
  text += '_';
  text += in_digits(bytes.subspan(5), base64url, 6);
  OPENSSL_cleanse(random.data(), random.size());
  return text;
}

std::optional<std::string_view> key_id(std::string_view text) {
  if (text.size() != key_text_length || !text.starts_with(prefix)) return std::nullopt;
  const std::string_view id = text.substr(prefix.size(), key_id_length);
  if (!is_key_id(id) || text[prefix.size() + key_id_length] != '_') return std::nullopt;
  if (!consists_of(text.substr(key_text_length - key_secret_length), base64url_digits)) return std::nullopt;
  return id;
}

bool is_key_id(std::string_view id) { return id.size() == key_id_length && consists_of(id, base32_digits); }

KeyHash hash_key(std::string_view text) {
  // Both made once: that takes longer than the hash of so short a text.
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  KeyHash hash{};
  static_assert(sizeof(hash) == SHA256_DIGEST_LENGTH);
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  const bool done = context && EVP_DigestInit_ex2(context.get(), sha256, nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1;
  if (!done) throw std::bad_alloc();
  return hash;
}

bool same_hash(const KeyHash& a, const KeyHash& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace coatcheck::principals
