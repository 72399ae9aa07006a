#pragma once

#include "base/result.hpp"
#include "http/message.hpp"
#include "principals/keyring.hpp"
#include "principals/principal.hpp"

namespace coatcheck::api::native {

// Returns who asks, by the API key in `Authorization: Bearer …` (RFC 6750). Without a keyring everybody is
// the administrator "anonymous". The error's words are for the client and say nothing about the key.
Result<principals::Principal> authenticate(const principals::Keyring* keyring, const http::Request& request);

}  // namespace coatcheck::api::native
