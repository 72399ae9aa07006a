#pragma once

#include <cstddef>

#include "base/result.hpp"
#include "http/message.hpp"

namespace coatcheck::http {

// Undoes the Content-Encoding of a request's body in place (RFC 9110 8.4): gzip, x-gzip or none; one coding,
// not a list. Blocks for as long as inflating `bytes_max` takes.
//
// Errc::invalid_argument if the coding is another one or the bytes are not what it says, and for what follows
// the end of the gzip member; Errc::resource_exhausted as soon as the body would be longer than `bytes_max`,
// so a bomb costs no more memory than that.
Result<void> decode_body(Request& request, std::size_t bytes_max);

}  // namespace coatcheck::http
