#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace coatcheck::api::native {

// Reads the request's body as one JSON object (RFC 8259), strictly: another media type, a repeated name
// anywhere, nesting past 32 levels or anything after the object is an error. Included by .cpp files only.
Result<boost::json::object> read_json_body(const http::Request& request);

// Errc::invalid_argument naming the first member that is not `known`. `path` is what the object is called:
// "parameters[2]", or empty for the body.
Result<void> only_known(const boost::json::object& object, std::initializer_list<std::string_view> known,
                        std::string_view path);

// Returns the member's name with what it is in: "parameters[2].type".
std::string member_path(std::string_view path, std::string_view name);

// The member if it is there and not null. Another type, or text that is longer than `bytes_max` or holds a
// NUL (which no engine reads past), is an error.
Result<std::optional<std::string>> text_member(const boost::json::object& object, std::string_view name,
                                               std::string_view path, std::size_t bytes_max);
Result<std::optional<std::uint64_t>> whole_member(const boost::json::object& object, std::string_view name,
                                                  std::string_view path, std::uint64_t min, std::uint64_t max);

}  // namespace coatcheck::api::native
