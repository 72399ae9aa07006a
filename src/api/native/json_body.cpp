#include "api/native/json_body.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "http/media_type.hpp"

namespace coatcheck::api::native {

namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 32;
constexpr double exact_double_max = 9007199254740992.0;  // 2^53

// Sees every name of every object while the text is parsed, and stops at the first that is repeated:
// a parsed object no longer shows it, and two readers of such a body would see two different requests.
class RepeatedNameFinder {
 public:
  constexpr static std::size_t max_object_size = SIZE_MAX;
  constexpr static std::size_t max_array_size = SIZE_MAX;
  constexpr static std::size_t max_key_size = SIZE_MAX;
  constexpr static std::size_t max_string_size = SIZE_MAX;
  using Error = boost::system::error_code;

  const std::string& repeated() const { return name_; }

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) {
    names_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, Error&) {
    names_.pop_back();
    return true;
  }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, Error&) {
    name_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Error& error) {
    name_.append(part.data(), part.size());
    if (!names_.back().insert(name_).second) {
      error = make_error_code(json::error::extra_data);
      return false;
    }
    name_.clear();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, Error&) { return true; }
  bool on_string(json::string_view, std::size_t, Error&) { return true; }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(std::int64_t, json::string_view, Error&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, Error&) { return true; }
  bool on_double(double, json::string_view, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

 private:
  std::vector<std::set<std::string>> names_;
  std::string name_;
};

Result<void> no_repeated_names(std::string_view text) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<RepeatedNameFinder> parser(options);
  boost::system::error_code error;
  parser.write_some(false, text.data(), text.size(), error);
  if (!error || parser.handler().repeated().empty()) return Result<void>::ok();
  return Error{Errc::invalid_argument, "this member is given more than once", parser.handler().repeated()};
}

}  // namespace

Result<json::object> read_json_body(const http::Request& request) {
  const auto type = http::parse_media_type(request.field("Content-Type"));
  if (!type || type->name != "application/json") {
    return Error{Errc::invalid_argument, "the body must be sent as Content-Type: application/json", "Content-Type"};
  }
  json::parse_options options;
  options.max_depth = depth_max;
  boost::system::error_code error;
  json::value value = json::parse(request.body, error, {}, options);
  if (error) return Error{Errc::invalid_argument, "the body is not JSON: " + error.message()};
  if (!value.is_object()) return Error{Errc::invalid_argument, "the body must be a JSON object"};
  auto unrepeated = no_repeated_names(request.body);
  if (!unrepeated) return std::move(unrepeated).error();
  return std::move(value.get_object());
}

std::string member_path(std::string_view path, std::string_view name) {
  if (path.empty()) return std::string(name);
  return std::string(path) + '.' + std::string(name);
}

Result<void> only_known(const json::object& object, std::initializer_list<std::string_view> known,
                        std::string_view path) {
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Error{Errc::invalid_argument, "this member is not known here", member_path(path, name)};
    }
  }
  return Result<void>::ok();
}

Result<std::optional<std::string>> text_member(const json::object& object, std::string_view name, std::string_view path,
                                               std::size_t bytes_max) {
  const json::value* value = object.if_contains(name);
  if (!value || value->is_null()) return std::optional<std::string>();
  const json::string* text = value->if_string();
  if (!text) return Error{Errc::invalid_argument, "must be a string", member_path(path, name)};
  if (text->size() > bytes_max) {
    return Error{Errc::invalid_argument, "is longer than the " + std::to_string(bytes_max) + " bytes allowed",
                 member_path(path, name)};
  }
  if (text->find('\0') != json::string::npos)
    return Error{Errc::invalid_argument, "must not contain a NUL character", member_path(path, name)};
  return std::optional(std::string(text->data(), text->size()));
}

Result<std::optional<std::uint64_t>> whole_member(const json::object& object, std::string_view name,
                                                  std::string_view path, std::uint64_t min, std::uint64_t max) {
  const json::value* value = object.if_contains(name);
  if (!value || value->is_null()) return std::optional<std::uint64_t>();
  std::uint64_t number = 0;
  bool whole = false;
  if (const std::uint64_t* large = value->if_uint64()) {
    number = *large;
    whole = true;
  } else if (const std::int64_t* small = value->if_int64(); small && *small >= 0) {
    number = static_cast<std::uint64_t>(*small);
    whole = true;
  } else if (const double* decimal = value->if_double();
             decimal && *decimal >= 0 && *decimal <= exact_double_max && std::trunc(*decimal) == *decimal) {
    // To JSON Schema, 5.0 is an integer as 5 is.
    number = static_cast<std::uint64_t>(*decimal);
    whole = true;
  }
  if (!whole || number < min || number > max) {
    return Error{Errc::invalid_argument,
                 "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max),
                 member_path(path, name)};
  }
  return std::optional(number);
}

}  // namespace coatcheck::api::native
