#include "api/snowflake/jwt.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "api/snowflake/base64url.hpp"
#include "principals/base64.hpp"

namespace coatcheck::api::snowflake {

namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr seconds skew{60};
constexpr seconds life_max = std::chrono::hours(1);
constexpr std::size_t depth_max = 8;

SnowflakeError refused(const char* code, const char* why) {
  return {code, "", std::string("JWT token is invalid: ") + why};
}

SnowflakeError not_the_form() { return refused("394306", "it has not the form of a key-pair token."); }

// A JWT's three parts, as they were sent.
struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;

  // What the signature is of.
  std::string_view signed_text() const { return {header.data(), header.size() + 1 + claims.size()}; }
};

std::optional<Parts> split(std::string_view text) {
  if (text.size() > jwt_bytes_max) return std::nullopt;
  const std::size_t first = text.find('.');
  if (first == text.npos) return std::nullopt;
  const std::size_t second = text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return std::nullopt;
  return Parts{text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
}

std::optional<json::object> read_object(std::string_view part) {
  const auto bytes = decode_base64url(part);
  if (!bytes) return std::nullopt;
  json::parse_options options;
  options.max_depth = depth_max;
  boost::system::error_code problem;
  json::value value = json::parse(*bytes, problem, {}, options);
  if (problem || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<std::string> text_of(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  const json::string* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr) return std::nullopt;
  return std::string(text->data(), text->size());
}

// A NumericDate, or milliseconds where it would be millennia away.
std::optional<Timestamp> time_of(const json::object& object, std::string_view name) {
  constexpr double seconds_end = 1e11;
  constexpr double milliseconds_end = 1e14;
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  const auto number = member->to_number<double>();
  if (!(number >= 0 && number < milliseconds_end)) return std::nullopt;
  const double microseconds = number < seconds_end ? number * 1e6 : number * 1e3;
  return Timestamp(std::chrono::microseconds(std::llround(microseconds)));
}

struct Claims {
  std::string issuer;
  std::string subject;
  Timestamp issued;
  Timestamp expires;
  std::optional<Timestamp> not_before;
};

std::optional<Claims> read_claims(const json::object& object) {
  auto issuer = text_of(object, "iss");
  auto subject = text_of(object, "sub");
  const auto issued = time_of(object, "iat");
  const auto expires = time_of(object, "exp");
  if (!issuer || !subject || !issued || !expires) return std::nullopt;
  const auto not_before = time_of(object, "nbf");
  if (!not_before && object.contains("nbf")) return std::nullopt;
  return Claims{*std::move(issuer), *std::move(subject), *issued, *expires, not_before};
}

std::optional<SnowflakeError> check_times(const Claims& claims, Timestamp now) {
  if (claims.issued > now + skew || (claims.not_before && *claims.not_before > now + skew)) {
    return refused("394302", "it is not valid yet.");
  }
  if (claims.expires <= claims.issued || claims.expires > claims.issued + life_max) {
    return refused("394303", "exp must be after iat, by an hour at most.");
  }
  if (claims.expires + skew <= now) return refused("394301", "it has expired.");
  return std::nullopt;
}

// The hash within "<ACCOUNT>.<USER>.SHA256:<base64>", if what is before it is the subject.
std::optional<principals::KeyHash> hash_of(const Claims& claims) {
  constexpr std::string_view separator = ".SHA256:";
  std::string_view text = claims.issuer;
  if (!text.starts_with(claims.subject)) return std::nullopt;
  text.remove_prefix(claims.subject.size());
  if (!text.starts_with(separator)) return std::nullopt;
  const auto bytes = principals::decode_base64(text.substr(separator.size()));
  principals::KeyHash hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::ranges::transform(*bytes, hash.begin(), [](char byte) { return static_cast<std::uint8_t>(byte); });
  return hash;
}

// The subject is "<ACCOUNT>.<USER>". A user's name may have dots, and some clients leave the region in the account's;
// so every split is tried, the longest name first. The key decides: it belongs to one of those names or none.
const principals::Key* find_key(const principals::Keyring& keyring, std::string_view subject,
                                const principals::KeyHash& hash) {
  for (std::size_t dot = subject.find('.'); dot != subject.npos; dot = subject.find('.', dot + 1)) {
    if (const auto* key = keyring.find_public_key(subject.substr(dot + 1), hash)) return key;
  }
  return nullptr;
}

}  // namespace

Result<Identity, SnowflakeError> verify_jwt(std::string_view text, const principals::Keyring& keyring, Timestamp now) {
  const auto parts = split(text);
  if (!parts) return not_the_form();
  const auto header = read_object(parts->header);
  if (!header) return not_the_form();
  const auto algorithm = text_of(*header, "alg");
  if (!algorithm) return not_the_form();
  if (*algorithm != "RS256") return refused("394305", "its algorithm must be RS256.");
  if (header->contains("crit")) return refused("394300", "it asks for extensions that are not known here.");
  const auto object = read_object(parts->claims);
  const auto signature = decode_base64url(parts->signature);
  const auto claims = object ? read_claims(*object) : std::nullopt;
  if (!claims || !signature) return not_the_form();

  if (auto wrong = check_times(*claims, now)) return *std::move(wrong);
  const auto hash = hash_of(*claims);
  if (!hash) return refused("394300", "iss must be sub, .SHA256: and the public key's fingerprint.");
  const principals::Key* key = find_key(keyring, claims->subject, *hash);
  if (key == nullptr) return refused("394304", "the user has no public key with this fingerprint.");
  if (!key->public_key->verify_rs256(parts->signed_text(), *signature)) {
    return refused("394300", "its signature is wrong.");
  }
  return Identity{key->principal, key->id};
}

std::string unchecked_jwt_user(std::string_view text) {
  const auto parts = split(text);
  const auto claims = parts ? read_object(parts->claims) : std::nullopt;
  const auto subject = claims ? text_of(*claims, "sub") : std::nullopt;
  if (!subject) return "";
  const std::size_t dot = subject->find('.');
  return dot == subject->npos ? "" : subject->substr(dot + 1);
}

}  // namespace coatcheck::api::snowflake
