#include "api/native/authentication.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace coatcheck::api::native {

namespace {

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view bearer = "bearer";
  return std::equal(scheme.begin(), scheme.end(), bearer.begin(), bearer.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

}  // namespace

Result<principals::Principal> authenticate(const principals::Keyring* keyring, const http::Request& request) {
  if (!keyring) return principals::Principal{.name = "anonymous", .role = principals::Role::admin};

  const std::string value = request.field("Authorization");
  if (value.empty()) return Error{Errc::invalid_argument, "an API key is needed: Authorization: Bearer <key>"};
  const std::string_view text(value);
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || !is_bearer(text.substr(0, space))) {
    return Error{Errc::invalid_argument, "the Authorization field must have the form: Bearer <key>"};
  }
  auto principal = keyring->authenticate(text.substr(space + 1));
  if (!principal) return Error{Errc::invalid_argument, "the API key is not valid"};
  return *std::move(principal);
}

}  // namespace coatcheck::api::native
