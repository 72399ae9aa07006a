#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/result.hpp"
#include "principals/principal.hpp"
#include "principals/public_key.hpp"

struct stat;

namespace coatcheck::principals {

// The SHA-256 of a key's text: all that is kept of it. Of a public key the one of its DER.
using KeyHash = std::array<std::uint8_t, 32>;

// A principal may have so many public keys that are not revoked: the one in use, and the one to come.
inline constexpr std::size_t public_keys_max = 2;

// What is known of one key: an API key, or a public key whose owner signs with its private half.
struct Key {
  std::string id;  // Eight of a-z 2-7: the part of an API key's text that is no secret.
  Principal principal;
  Timestamp created;
  std::optional<Timestamp> revoked;
  KeyHash hash{};
  std::optional<PublicKey> public_key = {};  // Nothing for an API key.

  bool operator==(const Key&) const = default;
};

// The keys of one server, kept in one file (docs/formats/keys.md). One thread; create(), add(), revoke(),
// open() and a refresh() that finds a change block on the disk.
//
// An API key's text is "coat_<id>_<secret>" with 256 random bits in base64url. Other processes may change the
// file at the same time: changes are serialised by a lock beside it, and each replaces the whole file.
class Keyring {
 public:
  // Reads `file`; one that is not there is a keyring without keys. Errc::corrupt if it cannot be read as
  // keys; Errc::invalid_argument if others than its owner may read or write it. `files` and `clock` must
  // outlive the keyring.
  static Result<Keyring> open(std::filesystem::path file, Files& files, const Clock& clock);

  // Returns whose API key this is, if it is one and not revoked. Takes the same time for a wrong secret as for
  // an id that does not exist; a text that has not the length of a key is refused without a look.
  std::optional<Principal> authenticate(std::string_view presented) const;

  // As authenticate(), but returns the key; null if it is none. Valid until the keys change.
  const Key* identify(std::string_view presented) const;

  // Returns the public key, not revoked, with this hash, of the principal whose name is `name` without regard to
  // case; null if there is none. Valid until the keys change.
  const Key* find_public_key(std::string_view name, const KeyHash& hash) const;

  // Whether there is a key, of either kind, with this id that is not revoked.
  bool is_good(std::string_view id) const;

  // Reads the file again if it is another one than was read last; returns whether it was. On failure the
  // keys stay as they were, and the same broken file is reported once only. Costs one stat(2) otherwise:
  // call it about once a second.
  Result<bool> refresh();

  // Makes a key, durable when this returns, and returns its text: the only time that it is seen.
  Result<std::string> create(std::string name, Role role);

  // Takes a principal's public key, durable when this returns, and returns its id. Errc::conflict if the principal
  // has as many as it may, or it or one that differs in case only has this one already.
  Result<std::string> add(std::string name, Role role, PublicKey public_key);

  // Makes a key useless, durable when this returns. Errc::not_found if there is no such id; revoking twice
  // is no error and keeps the first time.
  Result<void> revoke(std::string_view id);

  // Returns all keys, revoked ones too, oldest first.
  std::vector<Key> list() const;

 private:
  using Keys = std::unordered_map<std::string, Key>;
  using KeysByHash = std::map<KeyHash, std::vector<std::string>>;

  // Which file was read: another inode, size or time is another file. All zero if there is none.
  struct Version {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t changed_ns = 0;
    std::uint32_t mode = 0;

    bool operator==(const Version&) const = default;
  };

  Keyring(std::filesystem::path file, Files& files, const Clock& clock);

  static Version version_of(const struct stat& about);
  static std::vector<Key> by_age(const Keys& keys);
  Result<void> read();
  Result<void> write(const Keys& keys);
  template <class Change>
  Result<void> change(Change change);

  std::filesystem::path file_;
  Files* files_;
  const Clock* clock_;
  Keys keys_;
  KeysByHash public_keys_;  // Their ids.
  Version version_;
};

}  // namespace coatcheck::principals
