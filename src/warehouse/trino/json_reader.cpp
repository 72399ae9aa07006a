#include "warehouse/trino/json_reader.hpp"

#include <charconv>
#include <cstdint>
#include <utility>

#include "warehouse/trino/utf8.hpp"

namespace coatcheck::warehouse::trino {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xC0 | c >> 6);
  } else if (c < 0x10000) {
    byte(0xE0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3F));
  } else {
    byte(0xF0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3F));
    byte(0x80 | (c >> 6 & 0x3F));
  }
  byte(0x80 | (c & 0x3F));
}

// Reads the four hexadecimal digits at the beginning of `text`.
std::optional<std::uint32_t> hex4(std::string_view text) {
  std::uint32_t value = 0;
  if (text.size() < 4) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
  if (error != std::errc() || end != text.data() + 4) return std::nullopt;
  return value;
}

}  // namespace

std::nullopt_t JsonReader::fail() {
  failed_ = true;
  return std::nullopt;
}

void JsonReader::skip_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
    ++at_;
  }
}

bool JsonReader::at_end() {
  skip_space();
  return at_ == text_.size();
}

JsonReader::Kind JsonReader::peek() {
  skip_space();
  if (failed_ || at_ == text_.size()) return Kind::wrong;
  switch (text_[at_]) {
    case 'n': return Kind::null;
    case 't':
    case 'f': return Kind::boolean;
    case '"': return Kind::string;
    case '[': return Kind::array;
    case '{': return Kind::object;
    default: return text_[at_] == '-' || is_digit(text_[at_]) ? Kind::number : Kind::wrong;
  }
}

bool JsonReader::word(std::string_view expected) {
  if (failed_ || !text_.substr(at_).starts_with(expected)) return false;
  at_ += expected.size();
  fresh_ = false;
  return true;
}

bool JsonReader::null() {
  if (peek() == Kind::null && word("null")) return true;
  fail();
  return false;
}

std::optional<bool> JsonReader::boolean() {
  if (peek() != Kind::boolean) return fail();
  if (word("true")) return true;
  if (word("false")) return false;
  return fail();
}

std::optional<std::string_view> JsonReader::number() {
  if (peek() != Kind::number) return fail();
  const auto begin = at_;
  const auto digits = [this] {
    const auto first = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > first;
  };
  if (text_[at_] == '-') ++at_;
  const bool zero = at_ < text_.size() && text_[at_] == '0';
  const auto whole = at_;
  if (!digits() || (zero && at_ - whole > 1)) return fail();
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!digits()) return fail();
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!digits()) return fail();
  }
  fresh_ = false;
  return text_.substr(begin, at_ - begin);
}

bool JsonReader::skip_string() {
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      fresh_ = false;
      return true;
    }
    if (c == '\\') {
      ++at_;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      break;
    }
  }
  fail();
  return false;
}

std::optional<std::string_view> JsonReader::string() {
  if (peek() != Kind::string) return fail();
  const auto begin = at_ + 1;
  if (!skip_string()) return std::nullopt;
  const auto raw = text_.substr(begin, at_ - 1 - begin);
  if (raw.find('\\') == raw.npos) {
    if (!is_utf8(raw)) return fail();
    return raw;
  }
  if (!unescape(raw) || !is_utf8(scratch_)) return fail();
  return scratch_;
}

bool JsonReader::unescape(std::string_view raw) {
  scratch_.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      scratch_ += raw[i];
      continue;
    }
    if (++i == raw.size()) return false;
    switch (raw[i]) {
      case '"':
      case '\\':
      case '/': scratch_ += raw[i]; break;
      case 'b': scratch_ += '\b'; break;
      case 'f': scratch_ += '\f'; break;
      case 'n': scratch_ += '\n'; break;
      case 'r': scratch_ += '\r'; break;
      case 't': scratch_ += '\t'; break;
      case 'u': {
        auto unit = hex4(raw.substr(i + 1));
        if (!unit) return false;
        i += 4;
        if (*unit >= 0xD800 && *unit < 0xDC00) {
          if (!raw.substr(i + 1).starts_with("\\u")) return false;
          const auto low = hex4(raw.substr(i + 3));
          if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
          unit = 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
          i += 6;
        }
        append_utf8(scratch_, *unit);  // A lone low surrogate makes no valid UTF-8 and is refused as such.
        break;
      }
      default: return false;
    }
  }
  return true;
}

bool JsonReader::enter(char open) {
  skip_space();
  if (failed_ || at_ == text_.size() || text_[at_] != open || depth_ == depth_max) {
    fail();
    return false;
  }
  ++at_;
  ++depth_;
  fresh_ = true;
  return true;
}

bool JsonReader::more(char close) {
  skip_space();
  if (failed_ || at_ == text_.size()) {
    fail();
    return false;
  }
  const bool first = std::exchange(fresh_, false);
  if (text_[at_] == close) {
    ++at_;
    --depth_;
    return false;
  }
  if (first) return true;
  if (text_[at_] != ',') {
    fail();
    return false;
  }
  ++at_;
  return true;
}

std::optional<std::string> JsonReader::more_members() {
  if (!more('}')) return std::nullopt;
  const auto name = string();
  if (!name) return std::nullopt;
  std::string copy(*name);
  skip_space();
  if (at_ == text_.size() || text_[at_] != ':') return fail();
  ++at_;
  return copy;
}

std::optional<std::string_view> JsonReader::skip() {
  const auto kind = peek();
  const auto begin = at_;
  switch (kind) {
    case Kind::null: null(); break;
    case Kind::boolean: (void)boolean(); break;
    case Kind::number: (void)number(); break;
    case Kind::string: skip_string(); break;
    case Kind::array:
      if (array()) {
        while (more_elements() && skip()) {
        }
      }
      break;
    case Kind::object:
      if (object()) {
        while (more_members() && skip()) {
        }
      }
      break;
    case Kind::wrong: fail(); break;
  }
  if (failed_) return std::nullopt;
  return text_.substr(begin, at_ - begin);
}

}  // namespace coatcheck::warehouse::trino
