#include "client/rows_reader.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <utility>

#include "base/json_text.hpp"

namespace coatcheck::client {

namespace {

namespace json = boost::json;

constexpr std::size_t cell_bytes_max = 4096;
constexpr std::size_t name_bytes_max = 4096;
constexpr std::size_t columns_max = 100'000;
constexpr std::size_t depth_max = 256;

void append_capped(std::string& text, std::string_view more, std::size_t bytes_max) {
  if (text.size() < bytes_max) text.append(more.substr(0, bytes_max - text.size()));
}

// Listens to the parser and keeps what the table needs. Depth counts the open arrays and objects.
class Listener {
 public:
  constexpr static std::size_t max_object_size = SIZE_MAX;
  constexpr static std::size_t max_array_size = SIZE_MAX;
  constexpr static std::size_t max_key_size = SIZE_MAX;
  constexpr static std::size_t max_string_size = SIZE_MAX;
  using Code = boost::system::error_code;

  std::size_t rows_max = 0;
  Rows rows;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }

  bool on_object_begin(Code&) {
    ++depth_;
    if (section_ == Section::columns && depth_ == 3 && rows.columns.size() < columns_max) rows.columns.emplace_back();
    if (is_nested()) open('{');
    return true;
  }
  bool on_object_end(std::size_t, Code&) { return close('}'); }
  bool on_array_begin(Code&) {
    ++depth_;
    if (section_ == Section::rows && depth_ == 3) row_.clear();
    if (is_nested()) open('[');
    return true;
  }
  bool on_array_end(std::size_t, Code&) {
    if (section_ == Section::rows && depth_ == 3 && rows.rows.size() < rows_max) rows.rows.push_back(std::move(row_));
    return close(']');
  }

  bool on_key_part(json::string_view part, std::size_t, Code&) {
    append_capped(text_, {part.data(), part.size()}, name_bytes_max);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Code&) {
    append_capped(text_, {part.data(), part.size()}, name_bytes_max);
    key_ = std::exchange(text_, {});
    if (depth_ == 1) {
      section_ = key_ == "columns" ? Section::columns : key_ == "rows" ? Section::rows : Section::other;
    } else if (is_nested()) {
      std::string quoted;
      append_json_string(quoted, key_);
      separate();
      append_capped(nested_, quoted + ":", cell_bytes_max);
    }
    return true;
  }

  bool on_string_part(json::string_view part, std::size_t, Code&) {
    append_capped(text_, {part.data(), part.size()}, cell_bytes_max);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, Code&) {
    append_capped(text_, {part.data(), part.size()}, cell_bytes_max);
    std::string text = std::exchange(text_, {});
    if (is_nested()) {
      std::string quoted;
      append_json_string(quoted, text);
      separate();
      append_capped(nested_, quoted, cell_bytes_max);
    } else {
      value({.text = std::move(text), .is_text = true});
    }
    return true;
  }
  bool on_number_part(json::string_view part, Code&) {
    append_capped(text_, {part.data(), part.size()}, cell_bytes_max);
    return true;
  }
  bool on_int64(std::int64_t, json::string_view part, Code&) { return number(part); }
  bool on_uint64(std::uint64_t, json::string_view part, Code&) { return number(part); }
  bool on_double(double, json::string_view part, Code&) { return number(part); }
  bool on_bool(bool yes, Code&) { return plain(yes ? "true" : "false"); }
  bool on_null(Code&) {
    if (is_nested()) return plain("null");
    value({.is_null = true});
    return true;
  }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }

 private:
  enum class Section { other, columns, rows };

  // Within the list or struct of one cell.
  bool is_nested() const { return section_ == Section::rows && depth_ > 3; }

  bool number(json::string_view part) {
    append_capped(text_, {part.data(), part.size()}, cell_bytes_max);
    return plain(std::exchange(text_, {}));
  }

  bool plain(std::string text) {
    if (is_nested()) {
      separate();
      append_capped(nested_, text, cell_bytes_max);
    } else {
      value({.text = std::move(text)});
    }
    return true;
  }

  void value(Rows::Cell cell) {
    if (depth_ != 3) return;
    if (section_ == Section::rows) {
      if (row_.size() < columns_max) row_.push_back(std::move(cell));
      return;
    }
    if (section_ != Section::columns || rows.columns.empty()) return;
    if (key_ == "name") {
      rows.columns.back().name = std::move(cell.text);
    } else if (key_ == "type") {
      rows.columns.back().type = std::move(cell.text);
    }
  }

  void separate() {
    const char last = nested_.empty() ? '[' : nested_.back();
    if (last != '[' && last != '{' && last != ':') append_capped(nested_, ",", cell_bytes_max);
  }

  void open(char bracket) {
    if (depth_ > 4) separate();
    append_capped(nested_, {&bracket, 1}, cell_bytes_max);
  }

  bool close(char bracket) {
    if (is_nested()) {
      append_capped(nested_, {&bracket, 1}, cell_bytes_max);
      if (depth_ == 4 && row_.size() < columns_max) row_.push_back({.text = std::exchange(nested_, {})});
    }
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  Section section_ = Section::other;
  std::string key_;
  std::string text_;    // Of a string or number that comes in pieces.
  std::string nested_;  // Of a list or struct.
  std::vector<Rows::Cell> row_;
};

json::parse_options options() {
  json::parse_options chosen;
  chosen.max_depth = depth_max;
  return chosen;
}

}  // namespace

struct RowsReader::Parser {
  json::basic_parser<Listener> parser{options()};
};

RowsReader::RowsReader(std::size_t rows_max) : parser_(std::make_unique<Parser>()) {
  parser_->parser.handler().rows_max = rows_max;
}
RowsReader::~RowsReader() = default;

Outcome<void> RowsReader::feed(std::string_view piece) {
  boost::system::error_code wrong;
  parser_->parser.write_some(true, piece.data(), piece.size(), wrong);
  if (!wrong) return Outcome<void>::ok();
  return Trouble{ExitCode::unavailable, "the server's answer is no result: " + wrong.message()};
}

Outcome<Rows> RowsReader::finish() {
  boost::system::error_code wrong;
  parser_->parser.write_some(false, nullptr, 0, wrong);
  if (wrong) return Trouble{ExitCode::unavailable, "the server's answer is no result: " + wrong.message()};
  return std::move(parser_->parser.handler().rows);
}

}  // namespace coatcheck::client
