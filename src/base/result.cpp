#include "base/result.hpp"

#include <system_error>

namespace coatcheck {

const char* to_string(Errc code) {
  switch (code) {
    case Errc::no_outcome: return "no_outcome";
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::not_found: return "not_found";
    case Errc::conflict: return "conflict";
    case Errc::gone: return "gone";
    case Errc::resource_exhausted: return "resource_exhausted";
    case Errc::unavailable: return "unavailable";
    case Errc::deadline_exceeded: return "deadline_exceeded";
    case Errc::canceled: return "canceled";
    case Errc::corrupt: return "corrupt";
    case Errc::io_error: return "io_error";
  }
  return "unknown";
}

Error io_error(std::string what, int number) {
  return {.code = Errc::io_error,
          .message = std::move(what) + ": " + std::generic_category().message(number),
          .system = number};
}

}  // namespace coatcheck
