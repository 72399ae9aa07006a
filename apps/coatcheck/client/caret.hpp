#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/terminal.hpp"

namespace coatcheck::client {

// Returns the statement's line that holds byte `position`, with its number, and a caret under the place:
//
//     2 │ FROM flighs
//       │      ^
//
// A line that is too long for `width` columns is shown around the place. A position past the end points just
// behind the last character.
std::string caret_excerpt(std::string_view statement, std::uint64_t position, std::size_t width, Style style);

}  // namespace coatcheck::client
