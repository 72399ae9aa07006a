#include "principals/key_file.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "principals/base64.hpp"
#include "principals/key_text.hpp"
#include "principals/public_key.hpp"

namespace coatcheck::principals {

namespace {

namespace json = boost::json;

// Version 2 is version 1 with public keys; a file without any is written as version 1.
constexpr std::int64_t version_of_api_keys = 1;
constexpr std::int64_t version_of_public_keys = 2;

std::string to_hex(const KeyHash& hash) {
  std::string text;
  for (const std::uint8_t byte : hash) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

std::optional<KeyHash> parse_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  KeyHash hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i != hash.size(); ++i) {
    const std::size_t high = digits.find(text[2 * i]);
    const std::size_t low = digits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    hash[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return hash;
}

Error corrupt(std::string why) { return {Errc::corrupt, "not a key file: " + std::move(why)}; }

// The text of member `name`, nothing if it is absent or no text.
std::optional<std::string_view> text_of(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  const json::string& text = member->get_string();
  return std::string_view(text.data(), text.size());
}

Result<Timestamp> time_of(const json::object& object, std::string_view name) {
  const auto text = text_of(object, name);
  if (!text) return Error{Errc::corrupt, "no time"};
  return parse_rfc3339(*text);
}

// Reads what is known of the key itself: the hash of an API key, or the whole of a public key.
bool read_material(const json::object& object, std::int64_t version, Key& key) {
  if (version == version_of_public_keys && object.contains("public_key")) {
    const auto text = text_of(object, "public_key");
    const auto der = text ? decode_base64(*text) : std::nullopt;
    if (!der || object.contains("sha256")) return false;
    auto public_key = PublicKey::from_der(*der);
    if (!public_key) return false;
    key.hash = public_key->hash();
    key.public_key = *std::move(public_key);
    return true;
  }
  const auto hash_text = text_of(object, "sha256");
  const auto hash = hash_text ? parse_hex(*hash_text) : std::nullopt;
  if (hash) key.hash = *hash;
  return hash.has_value();
}

Result<Key> read_key(const json::value& value, std::int64_t version, std::size_t at) {
  const auto wrong = [at](std::string_view member) { return corrupt(fmt::format("keys[{}].{} is wrong", at, member)); };
  if (!value.is_object()) return wrong("");
  const json::object& object = value.get_object();

  Key key;
  const auto id = text_of(object, "id");
  if (!id || !is_key_id(*id)) return wrong("id");
  key.id = *id;

  const auto name = text_of(object, "principal");
  if (!name || !is_principal_name(*name)) return wrong("principal");
  key.principal.name = *name;

  const auto role_name = text_of(object, "role");
  const auto role = role_name ? parse_role(*role_name) : std::nullopt;
  if (!role) return wrong("role");
  key.principal.role = *role;

  if (!read_material(object, version, key)) return wrong(object.contains("public_key") ? "public_key" : "sha256");

  const auto created = time_of(object, "created");
  if (!created) return wrong("created");
  key.created = *created;

  // Present but unreadable must not turn a revoked key into a good one.
  const json::value* revoked = object.if_contains("revoked");
  if (revoked == nullptr) return wrong("revoked");
  if (!revoked->is_null()) {
    const auto time = time_of(object, "revoked");
    if (!time) return wrong("revoked");
    key.revoked = *time;
  }
  return key;
}

}  // namespace

// One key a line, so that people can read the file and compare two of them.
std::string write_key_file(const std::vector<Key>& keys) {
  const bool has_public_keys = std::ranges::any_of(keys, [](const Key& key) { return key.public_key.has_value(); });
  std::string text =
      fmt::format("{{\"version\":{},\"keys\":[", has_public_keys ? version_of_public_keys : version_of_api_keys);
  std::string_view separator = "\n";
  for (const Key& key : keys) {
    json::object object = {
        {"id", key.id},
        {"principal", key.principal.name},
        {"role", to_string(key.principal.role)},
        {"created", to_rfc3339(key.created)},
        {"revoked", key.revoked ? json::value(to_rfc3339(*key.revoked)) : json::value(nullptr)},
    };
    if (key.public_key)
      object["public_key"] = encode_base64(key.public_key->der());
    else
      object["sha256"] = to_hex(key.hash);
    text += separator;
    text += json::serialize(object);
    separator = ",\n";
  }
  text += "\n]}\n";
  return text;
}

Result<std::vector<Key>> read_key_file(std::string_view text) {
  if (text.size() > key_file_bytes_max) return corrupt("it is too large");
  boost::system::error_code problem;
  const json::value document = json::parse(text, problem);
  if (problem) return corrupt(problem.message());
  if (!document.is_object()) return corrupt("it is no object");

  const json::value* version = document.get_object().if_contains("version");
  if (version == nullptr || !version->is_int64() || version->get_int64() < version_of_api_keys ||
      version->get_int64() > version_of_public_keys) {
    return corrupt(fmt::format("its version is not {} or {}", version_of_api_keys, version_of_public_keys));
  }
  const json::value* list = document.get_object().if_contains("keys");
  if (list == nullptr || !list->is_array()) return corrupt("it has no list of keys");
  if (list->get_array().size() > keys_max) return corrupt(fmt::format("more than {} keys", keys_max));

  std::vector<Key> keys;
  std::unordered_set<std::string> ids;
  for (const json::value& value : list->get_array()) {
    auto key = read_key(value, version->get_int64(), keys.size());
    if (!key) return std::move(key).error();
    if (!ids.insert(key->id).second) return corrupt("two keys with the id " + key->id);
    keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace coatcheck::principals
