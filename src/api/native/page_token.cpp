#include "api/native/page_token.hpp"

#include <openssl/sha.h>

#include <array>

namespace coatcheck::api::native {

namespace {

constexpr std::string_view version = "1";
constexpr std::size_t digest_bytes = 8;

// The first bytes of a hash of the filters, in hex: enough to notice that they are others.
std::string filters_digest(std::string_view filters) {
  constexpr char hex[] = "0123456789abcdef";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(filters.data()), filters.size(), digest.data());
  std::string text;
  for (std::size_t i = 0; i != digest_bytes; ++i) {
    text += hex[digest[i] >> 4];
    text += hex[digest[i] & 0xf];
  }
  return text;
}

}  // namespace

std::string make_page_token(QueryId next, std::string_view filters) {
  return std::string(version) + '.' + next.to_string() + '.' + filters_digest(filters);
}

Result<QueryId> parse_page_token(std::string_view token, std::string_view filters) {
  const Error bad{Errc::invalid_argument, "is not a page token of this server", "page_token"};
  constexpr std::size_t id_at = version.size() + 1;
  constexpr std::size_t digest_at = id_at + 36 + 1;
  if (token.size() != digest_at + 2 * digest_bytes || token.substr(0, id_at) != std::string(version) + '.' ||
      token[digest_at - 1] != '.') {
    return bad;
  }
  const auto id = QueryId::parse(token.substr(id_at, 36));
  if (!id) return bad;
  if (token.substr(digest_at) != filters_digest(filters)) {
    return Error{Errc::invalid_argument, "was made for other filters than these", "page_token"};
  }
  return *id;
}

}  // namespace coatcheck::api::native
