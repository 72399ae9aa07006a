#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/result.hpp"
#include "principals/principal.hpp"

struct stat;

namespace coatcheck::principals {

// The SHA-256 of a key's text: all that is kept of it.
using KeyHash = std::array<std::uint8_t, 32>;

// What is known of one API key.
struct Key {
  std::string id;  // Eight of a-z 2-7: the part of the key's text that is no secret.
  Principal principal;
  Timestamp created;
  std::optional<Timestamp> revoked;
  KeyHash hash{};

  bool operator==(const Key&) const = default;
};

// The API keys of one server, kept in one file (docs/formats/keys.md). One thread; create(), revoke(),
// open() and a refresh() that finds a change block on the disk.
//
// A key's text is "coat_<id>_<secret>" with 256 random bits in base64url. Other processes may change the
// file at the same time: changes are serialised by a lock beside it, and each replaces the whole file.
class Keyring {
 public:
  // Reads `file`; one that is not there is a keyring without keys. Errc::corrupt if it cannot be read as
  // keys; Errc::invalid_argument if others than its owner may read or write it. `files` and `clock` must
  // outlive the keyring.
  static Result<Keyring> open(std::filesystem::path file, Files& files, const Clock& clock);

  // Returns whose key this is, if it is one and not revoked. Takes the same time for a wrong secret as for
  // an id that does not exist; a text that has not the length of a key is refused without a look.
  std::optional<Principal> authenticate(std::string_view presented) const;

  // Reads the file again if it is another one than was read last; returns whether it was. On failure the
  // keys stay as they were, and the same broken file is reported once only. Costs one stat(2) otherwise:
  // call it about once a second.
  Result<bool> refresh();

  // Makes a key, durable when this returns, and returns its text: the only time that it is seen.
  Result<std::string> create(std::string name, Role role);

  // Makes a key useless, durable when this returns. Errc::not_found if there is no such id; revoking twice
  // is no error and keeps the first time.
  Result<void> revoke(std::string_view id);

  // Returns all keys, revoked ones too, oldest first.
  std::vector<Key> list() const;

 private:
  using Keys = std::unordered_map<std::string, Key>;

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
  Version version_;
};

}  // namespace coatcheck::principals
