// A session token or a signature that nobody signed: nothing is accepted. One of ours, for a session made of the input,
// is read back as it was, in its kind only, and no change of one character is accepted.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/snowflake/base64url.hpp"
#include "api/snowflake/state.hpp"
#include "api/snowflake/token.hpp"

namespace snowflake = coatcheck::api::snowflake;
using snowflake::TokenKind;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto signer = snowflake::Signer::with_secret("a secret that the fuzzer cannot guess");
  constexpr coatcheck::Timestamp now{std::chrono::seconds(1'800'000'000)};
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (signer->read(TokenKind::session, text, now) || signer->read(TokenKind::master, text, now)) std::abort();
  if (signer->verify("text", text)) std::abort();
  if (const auto bytes = snowflake::decode_base64url(text)) {
    if (snowflake::encode_base64url(*bytes) != text) std::abort();
  }
  if (const auto state = snowflake::read_state(text)) {
    const auto again = snowflake::read_state(snowflake::write_state(*state));
    if (!again || *again != *state) std::abort();
  }

  snowflake::Token token{.session = size + 1, .issued = now, .expires = now + std::chrono::hours(1)};
  token.identity.principal.name = text.substr(0, 64);
  token.initial = text.substr(0, snowflake::token_initial_bytes_max);
  std::string ours = signer->make(TokenKind::session, token);
  const auto read = signer->read(TokenKind::session, ours, now);
  if (!read || *read != token) std::abort();
  if (signer->read(TokenKind::master, ours, now)) std::abort();
  if (size != 0) {
    char& changed = ours[data[0] * ours.size() / 256];
    changed = changed == 'A' ? 'B' : 'A';
    if (signer->read(TokenKind::session, ours, now)) std::abort();
  }
  return 0;
}
