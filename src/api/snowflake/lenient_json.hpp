#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/snowflake/state.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace coatcheck::api::snowflake {

// JSON as Snowflake reads it: what is not known is not looked at, and a value may come as text or as itself. Every
// driver sends something of its own, so nothing here insists.

// The body as one JSON object; an empty body is an empty object. Undoes gzip. Errc::invalid_argument if it is
// something else or nested too deep, Errc::resource_exhausted if it is more than `bytes_max` once inflated.
Result<boost::json::object> read_object(http::Request& request, std::size_t bytes_max);

// The member's text, of a number or boolean its JSON spelling; nothing if it is absent, null or no scalar.
std::optional<std::string> scalar_text(const boost::json::object& object, std::string_view name);
std::optional<std::string> scalar_text(const boost::json::value& value);

// Whether the text means yes: true, 1, on or yes, in any case.
bool means_yes(std::string_view text);

// The member as an object; null if it is absent or something else.
const boost::json::object* object_member(const boost::json::object& object, std::string_view name);

// The scalar members of an object as parameters, by their names in upper case.
Settings settings_of(const boost::json::object& object);

// A-Z for a-z; other bytes stay.
std::string upper_case(std::string_view text);

}  // namespace coatcheck::api::snowflake
