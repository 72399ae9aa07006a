#include "warehouse/snowflake/cells.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace coatcheck::warehouse::snowflake {

namespace {

namespace json = boost::json;

// Depths, counted in open brackets.
constexpr int in_object = 1;
constexpr int in_data = 2;
constexpr int in_row = 3;

// Passes on what is in the member `data`, and over all the rest.
class CellHandler {
 public:
  constexpr static std::size_t max_object_size = SIZE_MAX;
  constexpr static std::size_t max_array_size = SIZE_MAX;
  constexpr static std::size_t max_key_size = SIZE_MAX;
  constexpr static std::size_t max_string_size = SIZE_MAX;
  using Error = boost::system::error_code;

  explicit CellHandler(CellReader& reader) : reader_(reader) {}

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error& error) {
    ++depth_;
    return check(!data_, error);
  }
  bool on_object_end(std::size_t, Error&) {
    --depth_;
    return true;
  }
  bool on_array_begin(Error& error) {
    if (depth_ == 0) return check(false, error);
    ++depth_;
    if (!data_) return true;
    if (depth_ == in_row) return check(reader_.begin_row(), error);
    return check(depth_ == in_data, error);
  }
  bool on_array_end(std::size_t, Error& error) {
    const int from = depth_--;
    if (!data_) return true;
    if (from == in_data) {
      data_ = false;
      return true;
    }
    return check(reader_.end_row(), error);
  }
  bool on_key_part(json::string_view part, std::size_t, Error&) {
    if (depth_ == in_object) key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Error& error) {
    if (depth_ != in_object) return true;
    key_.append(part.data(), part.size());
    const bool is_data = key_ == "data";
    key_.clear();
    if (!is_data) return true;
    const bool first = !seen_;
    seen_ = data_ = true;
    return check(first, error);
  }
  bool on_string_part(json::string_view part, std::size_t, Error&) {
    if (data_) text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t, Error& error) {
    if (!data_) return true;
    if (depth_ != in_row) return check(false, error);
    if (text_.empty()) return check(reader_.cell(std::string_view(part.data(), part.size())), error);
    text_.append(part.data(), part.size());
    const bool goes_on = reader_.cell(text_);
    text_.clear();
    return check(goes_on, error);
  }
  bool on_null(Error& error) {
    if (!data_) return true;
    if (depth_ == in_object) {  // "data": null
      data_ = false;
      return true;
    }
    return check(depth_ == in_row && reader_.cell(std::nullopt), error);
  }
  // Values are texts; anything else is not the protocol.
  bool on_number_part(json::string_view, Error& error) { return check(!data_, error); }
  bool on_int64(std::int64_t, json::string_view, Error& error) { return check(!data_, error); }
  bool on_uint64(std::uint64_t, json::string_view, Error& error) { return check(!data_, error); }
  bool on_double(double, json::string_view, Error& error) { return check(!data_, error); }
  bool on_bool(bool, Error& error) { return check(!data_, error); }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

 private:
  static bool check(bool good, Error& error) {
    if (!good) error = make_error_code(json::error::syntax);
    return good;
  }

  CellReader& reader_;
  int depth_ = 0;
  bool data_ = false;  // What comes is in the member `data`.
  bool seen_ = false;
  std::string key_;
  std::string text_;  // Of a string that comes in parts.
};

}  // namespace

bool read_cells(std::string_view body, CellReader& reader) {
  json::basic_parser<CellHandler> parser({}, reader);
  boost::system::error_code error;
  const auto read = parser.write_some(false, body.data(), body.size(), error);
  return !error && read == body.size();
}

}  // namespace coatcheck::warehouse::snowflake
