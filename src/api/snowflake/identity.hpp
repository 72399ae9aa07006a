#pragma once

#include <string>

#include "principals/principal.hpp"

namespace coatcheck::api::snowflake {

// Who has shown that they may come in, and by which key of the keyring.
struct Identity {
  principals::Principal principal;
  std::string credential = {};  // The key's id; empty while authentication is off.

  bool operator==(const Identity&) const = default;
};

}  // namespace coatcheck::api::snowflake
