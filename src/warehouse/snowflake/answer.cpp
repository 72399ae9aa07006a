#include "warehouse/snowflake/answer.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace coatcheck::warehouse::snowflake {

namespace {

namespace json = boost::json;

constexpr std::size_t values_max = 2'000'000;  // That an answer may have besides its rows.
constexpr std::size_t columns_max = 20'000;
constexpr std::size_t partitions_max = 1'000'000;
constexpr std::size_t message_bytes_max = 64 << 10;
constexpr std::size_t handle_bytes_max = 64;
constexpr std::int64_t created_end = 100'000'000'000'000;  // In the year 5138, in milliseconds.

// Makes a tree of all but the member `data`, which becomes null.
class TreeHandler {
 public:
  constexpr static std::size_t max_object_size = values_max;
  constexpr static std::size_t max_array_size = SIZE_MAX;
  constexpr static std::size_t max_key_size = SIZE_MAX;
  constexpr static std::size_t max_string_size = SIZE_MAX;
  using Error = boost::system::error_code;

  json::value release() { return stack_.release(); }

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) {
    ++depth_;
    return true;
  }
  bool on_object_end(std::size_t n, Error& error) {
    return close(error, [&] { stack_.push_object(n); });
  }
  bool on_array_begin(Error&) {
    ++depth_;
    return true;
  }
  bool on_array_end(std::size_t n, Error& error) {
    return close(error, [&] { stack_.push_array(n); });
  }
  bool on_key_part(json::string_view part, std::size_t, Error&) {
    if (skipping_) return true;
    stack_.push_chars(part);
    if (depth_ == 1) key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Error&) {
    if (skipping_) return true;
    stack_.push_key(part);
    if (depth_ != 1) return true;
    key_.append(part.data(), part.size());
    skipping_ = key_ == "data";
    key_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Error&) {
    if (!skipping_) stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, Error& error) {
    return value(error, [&] { stack_.push_string(part); });
  }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, Error& error) {
    return value(error, [&] { stack_.push_int64(number); });
  }
  bool on_uint64(std::uint64_t number, json::string_view, Error& error) {
    return value(error, [&] { stack_.push_uint64(number); });
  }
  bool on_double(double number, json::string_view, Error& error) {
    return value(error, [&] { stack_.push_double(number); });
  }
  bool on_bool(bool yes, Error& error) {
    return value(error, [&] { stack_.push_bool(yes); });
  }
  bool on_null(Error& error) {
    return value(error, [&] { stack_.push_null(); });
  }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

 private:
  template <class Push>
  bool value(Error& error, Push push) {
    if (skipping_) {
      if (depth_ > 1) return true;
      skipping_ = false;  // The whole member was this value.
      stack_.push_null();
      return true;
    }
    if (++values_ > values_max) {
      error = make_error_code(json::error::array_too_large);
      return false;
    }
    push();
    return true;
  }
  template <class Push>
  bool close(Error& error, Push push) {
    --depth_;
    return value(error, push);
  }

  json::value_stack stack_;
  int depth_ = 0;
  bool skipping_ = false;
  std::size_t values_ = 0;
  std::string key_;
};

std::string text_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr) return {};
  return {text->data(), std::min(text->size(), message_bytes_max)};
}

std::optional<std::int64_t> number_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  const auto* number = member == nullptr ? nullptr : member->if_int64();
  if (number == nullptr) return std::nullopt;
  return *number;
}

const json::array* array_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member == nullptr ? nullptr : member->if_array();
}

std::optional<std::vector<ColumnSaid>> read_row_type(const json::object& metadata) {
  const auto* row_type = array_of(metadata, "rowType");
  if (row_type == nullptr || row_type->size() > columns_max) return std::nullopt;
  std::vector<ColumnSaid> said;
  for (const auto& each : *row_type) {
    const auto* column = each.if_object();
    if (column == nullptr) return std::nullopt;
    auto type = text_of(*column, "type");
    if (type.empty()) return std::nullopt;
    const bool is_number = type == "fixed" || type == "FIXED";
    said.push_back({.name = text_of(*column, "name"),
                    .type = std::move(type),
                    .precision = number_of(*column, "precision").value_or(38),
                    .scale = number_of(*column, "scale").value_or(is_number ? 0 : 9)});
  }
  return said;
}

std::optional<std::vector<std::uint64_t>> read_partitions(const json::object& metadata) {
  std::vector<std::uint64_t> partitions;
  const auto* said = array_of(metadata, "partitionInfo");
  if (said == nullptr) return partitions;
  if (said->size() > partitions_max) return std::nullopt;
  for (const auto& each : *said) {
    const auto* partition = each.if_object();
    const auto rows = partition == nullptr ? std::nullopt : number_of(*partition, "rowCount");
    if (!rows || *rows < 0) return std::nullopt;
    partitions.push_back(static_cast<std::uint64_t>(*rows));
  }
  return partitions;
}

// Fills in the rest of the answer; returns what is wrong, or nothing.
std::string read_metadata(const json::object& metadata, Answer& answer) {
  const auto row_type = read_row_type(metadata);
  if (!row_type) return "no columns that can be read";
  const auto partitions = read_partitions(metadata);
  if (!partitions) return "no partitions that can be read";
  const auto rows = number_of(metadata, "numRows");
  if (!rows || *rows < 0) return "no count of rows";
  auto columns = read_columns(*row_type);
  if (!columns) return columns.error().message;
  answer.rows = static_cast<std::uint64_t>(*rows);
  answer.partitions = *partitions;
  if (answer.partitions.empty()) answer.partitions.push_back(answer.rows);
  std::uint64_t sum = 0;
  for (const auto count : answer.partitions) {
    if (__builtin_add_overflow(sum, count, &sum)) return "impossible counts of rows";
  }
  if (sum != answer.rows) return "partitions whose rows are not all of them";
  answer.columns = std::move(*columns);
  return {};
}

}  // namespace

bool is_handle(std::string_view text) {
  return !text.empty() && text.size() <= handle_bytes_max && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

Answer read_answer(std::string_view body) {
  Answer answer;
  json::basic_parser<TreeHandler> parser({});
  boost::system::error_code error;
  const auto read = parser.write_some(false, body.data(), body.size(), error);
  if (error || read != body.size()) return answer;
  const auto tree = parser.handler().release();
  const auto* object = tree.if_object();
  if (object == nullptr) return answer;
  answer.words = {text_of(*object, "code"), text_of(*object, "sqlState"), text_of(*object, "message")};
  answer.handle = text_of(*object, "statementHandle");
  if (!is_handle(answer.handle)) answer.handle.clear();
  if (const auto created = number_of(*object, "createdOn"); created && *created > 0 && *created < created_end) {
    answer.created.emplace(std::chrono::milliseconds(*created));
  }
  const auto* metadata = object->if_contains("resultSetMetaData");
  if (metadata != nullptr && metadata->is_object()) answer.mistake = read_metadata(metadata->get_object(), answer);
  return answer;
}

}  // namespace coatcheck::warehouse::snowflake
