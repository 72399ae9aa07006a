#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "api/snowflake/identity.hpp"
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/result.hpp"

namespace coatcheck::api::snowflake {

// What a token lets its bearer do: ask as the session, or get new tokens for it. One never passes for the other.
enum class TokenKind : std::uint8_t { session = 1, master = 2 };

// What a token says. Everything that a server needs to know a session again of which it has nothing but this.
struct Token {
  std::uint64_t session = 0;  // 1 to 2^53 - 1, so that a JSON number holds it.
  Identity identity = {};
  Timestamp issued{};  // To the second, as expires.
  Timestamp expires{};
  std::string initial = {};  // The session's first state, as write_state() has it; "" for none or too much.

  bool operator==(const Token&) const = default;
};

enum class TokenFault {
  unusable,  // Not one of ours, of another kind, damaged, or signed with another secret.
  expired,   // Was good once.
};

inline constexpr std::size_t token_initial_bytes_max = 1024;
inline constexpr std::size_t token_text_bytes_max = 2048;
inline constexpr std::uint64_t session_id_max = (std::uint64_t{1} << 53U) - 1;

// Signs what clients carry for us, and knows it again: tokens, and the paths of chunk URLs. HMAC-SHA256 with
// keys of their own for each purpose, all derived from one secret in a file, so what was signed before a restart
// is good after it.
//
// Safe from any thread, without locks. A check costs a few microseconds, and nothing for what is too long.
class Signer {
 public:
  // Reads the secret, 32 random bytes, or makes it durably if it is not there. Blocks. Errc::invalid_argument if
  // others than its owner may read or write it, Errc::corrupt if it is not 32 bytes long.
  static Result<Signer> open(const std::filesystem::path& file, Files& files);

  // A signer whose signatures are worth nothing once it is gone; for tests and measurements.
  static Result<Signer> with_secret(std::string_view secret);

  // Returns the token's text, base64url. `token.initial` must not be longer than token_initial_bytes_max.
  std::string make(TokenKind kind, const Token& token) const;

  // Reads a token of this kind. The signature is compared in constant time before anything is believed; expired
  // is said only of a token that we made.
  Result<Token, TokenFault> read(TokenKind kind, std::string_view text, Timestamp now) const;

  // Returns the signature of any text, 43 characters of base64url: put everything that must not be changed into
  // the text, an expiry too. Differs from the signature within a token, whatever the text.
  std::string signature(std::string_view text) const;
  bool verify(std::string_view text, std::string_view signature) const;

 private:
  struct Free {
    void operator()(EVP_MAC_CTX* context) const;
  };
  using Keyed = std::unique_ptr<EVP_MAC_CTX, Free>;  // Has its key and no text; copied for each use, never changed.
  using Mac = std::array<std::uint8_t, 32>;

  Signer(Keyed session, Keyed master, Keyed text);
  const EVP_MAC_CTX* keyed(TokenKind kind) const;
  static Keyed derive(std::string_view secret, std::string_view purpose);
  static Mac mac(const EVP_MAC_CTX* keyed, std::string_view text);

  Keyed session_;
  Keyed master_;
  Keyed text_;
};

}  // namespace coatcheck::api::snowflake
