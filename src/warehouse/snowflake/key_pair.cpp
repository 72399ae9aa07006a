#include "warehouse/snowflake/key_pair.hpp"

#include <arrow/util/base64.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>

#include "base/json_text.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr int bits_min = 2048;  // Snowflake takes no smaller ones.
constexpr int bits_max = 16384;
constexpr std::size_t pem_bytes_max = 64 << 10;
// What clocks may differ by, before a token is not valid yet.
constexpr std::chrono::seconds skew{30};

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Error no_key(std::string why) {
  return {.code = Errc::invalid_argument, .message = "the private key " + std::move(why)};
}

// Hands the passphrase to OpenSSL, which would ask at a terminal if there were none.
int passphrase_for(char* buffer, int size, int, void* given) {
  const auto& passphrase = *static_cast<const std::string*>(given);
  if (passphrase.empty() || passphrase.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, passphrase.data(), passphrase.size());
  return static_cast<int>(passphrase.size());
}

Result<Key> read_key(const std::string& pem, const std::string& passphrase) {
  if (pem.size() > pem_bytes_max) return no_key("is too large");
  const std::unique_ptr<BIO, decltype(&BIO_free)> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                         &BIO_free);
  auto given = passphrase;
  Key key(source ? PEM_read_bio_PrivateKey(source.get(), nullptr, &passphrase_for, &given) : nullptr, &EVP_PKEY_free);
  OPENSSL_cleanse(given.data(), given.size());
  ERR_clear_error();
  if (!key) {
    const bool encrypted = pem.find("ENCRYPTED") != pem.npos;
    return no_key(encrypted ? "cannot be read: its passphrase is missing or wrong" : "is none in PEM");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return no_key("is not an RSA key");
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < bits_min || bits > bits_max)
    return no_key(fmt::format("has {} bits; {} at least are needed", bits, bits_min));
  return key;
}

// "SHA256:<base64>" of the public half, as DESC USER shows it.
std::optional<std::string> fingerprint(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return std::nullopt;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(der, static_cast<std::size_t>(size), hash.data());
  OPENSSL_free(der);
  return "SHA256:" + arrow::util::base64_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::optional<std::string> signature(EVP_PKEY* key, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string bytes(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = bytes.size();
  const bool good = context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size,
                                   reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  ERR_clear_error();
  if (!good) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

// RFC 4648, section 5, without padding.
std::string base64url(std::string_view bytes) {
  auto text = arrow::util::base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string claims(const std::string& name, const std::string& key, Timestamp now) {
  const auto issued = std::chrono::floor<std::chrono::seconds>(now - skew).time_since_epoch().count();
  std::string text = "{\"iss\":";
  append_json_string(text, name + "." + key);
  text += ",\"sub\":";
  append_json_string(text, name);
  text += fmt::format(",\"iat\":{},\"exp\":{}}}", issued, issued + (skew + std::chrono::seconds(jwt_life)).count());
  return text;
}

}  // namespace

std::string jwt_account(std::string_view account) {
  const bool is_global = account.find(".global") != account.npos;
  return upper(account.substr(0, account.find(is_global ? '-' : '.')));
}

Result<std::string> make_jwt(const std::string& pem, const std::string& passphrase, const JwtSubject& subject,
                             Timestamp now) {
  auto key = read_key(pem, passphrase);
  if (!key) return std::move(key).error();
  const auto public_half = fingerprint(key->get());
  if (!public_half) return no_key("has no public half");
  const auto name = jwt_account(subject.account) + "." + upper(subject.user);
  auto text = base64url(R"({"typ":"JWT","alg":"RS256"})") + "." + base64url(claims(name, *public_half, now));
  const auto signed_by = signature(key->get(), text);
  if (!signed_by) return no_key("cannot sign");
  return text + "." + base64url(*signed_by);
}

}  // namespace coatcheck::warehouse::snowflake
