// A key-pair JWT that nobody signed. The first line is the header and the second the claims, which are encoded, or the
// whole is the token as it came; none is ever accepted, and every refusal has its code.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/snowflake/base64url.hpp"
#include "api/snowflake/jwt.hpp"
#include "base/files.hpp"
#include "principals/keyring.hpp"
#include "principals/public_key.hpp"

namespace {

// A keyring that is empty, as there is no such file: what is to be checked comes before the signature.
const coatcheck::principals::Keyring& keyring() {
  static const auto empty =
      coatcheck::principals::Keyring::open("/nowhere/keys.json", coatcheck::disk(), coatcheck::system_clock());
  return *empty;
}

void expect_refused(std::string_view text) {
  namespace snowflake = coatcheck::api::snowflake;
  constexpr coatcheck::Timestamp now{std::chrono::seconds(1'800'000'000)};
  const auto identity = snowflake::verify_jwt(text, keyring(), now);
  if (identity || !identity.error().code.starts_with("3943")) std::abort();
  static_cast<void>(snowflake::unchecked_jwt_user(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using coatcheck::api::snowflake::encode_base64url;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expect_refused(text);
  const std::size_t line = text.find('\n');
  if (line != text.npos) {
    expect_refused(encode_base64url(text.substr(0, line)) + '.' + encode_base64url(text.substr(line + 1)) + ".AAAA");
  }
  static_cast<void>(coatcheck::principals::PublicKey::from_pem(text));
  static_cast<void>(coatcheck::principals::PublicKey::from_der(text));
  return 0;
}
