#include "config/value.hpp"

#include <arpa/inet.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <type_traits>

#include "base/byte_size.hpp"
#include "base/clock.hpp"

namespace coatcheck::config {

namespace {

constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t list_items_max = 1000;

Error wrong(std::string why) { return {Errc::invalid_argument, std::move(why)}; }

bool is_numeric_address(const std::string& address, int family) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(family, address.c_str(), bytes.data()) == 1;
}

Result<Count> parse_count(std::string_view text) {
  Count value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || rest != end) return wrong(toml_string(text) + " is not a whole number");
  return value;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const Error bad = wrong(toml_string(text) + " is not a numeric address and port");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad;
  const auto port = parse_count(text.substr(colon + 1));
  if (!port || *port > 65'535) return bad;
  std::string_view host = text.substr(0, colon);
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (in_brackets) host = host.substr(1, host.size() - 2);
  std::string address(host);
  // A NUL would hide what comes after it from inet_pton().
  if (address.find('\0') != std::string::npos) return bad;
  if (!is_numeric_address(address, in_brackets ? AF_INET6 : AF_INET)) return bad;
  return Endpoint{std::move(address), static_cast<std::uint16_t>(*port)};
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    items.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

// Reads one text into whatever is behind the slot.
struct Setter {
  std::string_view text;

  Result<void> operator()(std::string* value) const {
    *value = text;
    return Result<void>::ok();
  }
  Result<void> operator()(bool* value) const {
    if (text != "true" && text != "false") return wrong(toml_string(text) + " is neither true nor false");
    *value = text == "true";
    return Result<void>::ok();
  }
  Result<void> operator()(CountSlot slot) const { return keep(parse_count(text), slot.value); }
  Result<void> operator()(BytesSlot slot) const { return keep(parse_byte_size(text), slot.value); }
  Result<void> operator()(Duration* value) const { return keep(parse_duration(text), value); }
  Result<void> operator()(Endpoint* value) const { return keep(parse_endpoint(text), value); }
  Result<void> operator()(std::vector<std::string>* value) const {
    *value = split(text);
    return Result<void>::ok();
  }

  template <class T>
  static Result<void> keep(Result<T> parsed, T* value) {
    if (!parsed) return std::move(parsed).error();
    *value = *std::move(parsed);
    return Result<void>::ok();
  }
};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_among(std::string_view text, std::string_view choices) {
  while (!choices.empty()) {
    const std::size_t bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == text) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

Result<void> check_text(std::string_view text) {
  if (text.size() > text_bytes_max) return wrong("the text is too long");
  const bool controls = std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; });
  if (controls) return wrong(toml_string(text) + " has control characters");
  return Result<void>::ok();
}

// Whether what is behind the slot is within its bounds. Bounds are trusted: they are our own.
struct Checker {
  Allowed allowed;

  Result<void> operator()(const std::string* value) const {
    auto checked = check_text(*value);
    if (!checked) return checked;
    if (allowed.choices.empty()) return checked;
    const bool fine = allowed.choices == "name"   ? is_name(*value)
                      : allowed.choices == "path" ? !value->empty()
                                                  : is_among(*value, allowed.choices);
    if (!fine) return wrong(toml_string(*value) + " is not allowed");
    return checked;
  }
  Result<void> operator()(const bool*) const { return Result<void>::ok(); }
  Result<void> operator()(CountSlot slot) const { return within(slot, *slot.value, parse_count); }
  Result<void> operator()(BytesSlot slot) const { return within(slot, *slot.value, parse_byte_size); }
  Result<void> operator()(Duration* value) const { return within(value, *value, parse_duration); }
  Result<void> operator()(const Endpoint*) const { return Result<void>::ok(); }
  Result<void> operator()(const std::vector<std::string>* value) const {
    if (value->size() > list_items_max) return wrong("the list is too long");
    for (const std::string& item : *value) {
      if (item.empty()) return wrong("an item is empty");
      auto checked = check_text(item);
      if (!checked) return checked;
    }
    return Result<void>::ok();
  }

  Result<void> within(Slot slot, auto value, auto parse) const {
    if (value < *parse(allowed.lowest) || value > *parse(allowed.highest))
      return wrong(to_toml(slot) + " is out of bounds");
    return Result<void>::ok();
  }
};

struct Describer {
  Allowed allowed;

  std::string operator()(const std::string*) const {
    if (allowed.choices.empty()) return "a text";
    if (allowed.choices == "name") return "a name of 1 to 64 of A-Z a-z 0-9 _ -";
    if (allowed.choices == "path") return "a path";
    std::string text = "\"";
    for (const char c : allowed.choices) {
      if (c == '|') {
        text += "\" or \"";
      } else {
        text += c;
      }
    }
    return text + "\"";
  }
  std::string operator()(const bool*) const { return "true or false"; }
  std::string operator()(CountSlot) const {
    return fmt::format("a number from {} to {}", allowed.lowest, allowed.highest);
  }
  std::string operator()(BytesSlot) const {
    return fmt::format("a size from {} to {}", toml_string(allowed.lowest), toml_string(allowed.highest));
  }
  std::string operator()(const Duration*) const {
    return fmt::format("a duration from {} to {}", toml_string(allowed.lowest), toml_string(allowed.highest));
  }
  std::string operator()(const Endpoint*) const { return "\"127.0.0.1:8420\", \"[::1]:8420\" or the like"; }
  std::string operator()(const std::vector<std::string>*) const { return "a list of texts"; }
};

// Returns the size in the largest unit that leaves no fraction.
std::string exact_size(Bytes bytes) {
  constexpr std::array<std::string_view, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, units[unit]);
}

struct TomlWriter {
  std::string operator()(const std::string* value) const { return toml_string(*value); }
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(CountSlot slot) const { return std::to_string(*slot.value); }
  std::string operator()(BytesSlot slot) const { return toml_string(exact_size(*slot.value)); }
  std::string operator()(const Duration* value) const { return toml_string(coatcheck::to_string(*value)); }
  std::string operator()(const Endpoint* value) const { return toml_string(to_string(*value)); }
  std::string operator()(const std::vector<std::string>* value) const {
    std::string text = "[";
    for (const std::string& item : *value) {
      if (text.size() > 1) text += ", ";
      text += toml_string(item);
    }
    return text + "]";
  }
};

}  // namespace

bool is_loopback(const Endpoint& endpoint) { return endpoint.address.starts_with("127.") || endpoint.address == "::1"; }

std::string to_string(const Endpoint& endpoint) {
  const bool in_brackets = endpoint.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", in_brackets ? "[" : "", endpoint.address, in_brackets ? "]" : "", endpoint.port);
}

Result<void> set_from_text(Slot slot, std::string_view text) { return std::visit(Setter{text}, slot); }

Result<void> check(Slot slot, Allowed allowed) { return std::visit(Checker{allowed}, slot); }

std::string describe(Slot slot, Allowed allowed) { return std::visit(Describer{allowed}, slot); }

std::string to_toml(Slot slot) { return std::visit(TomlWriter{}, slot); }

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if ((c >= 0 && c < 0x20) || c == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace coatcheck::config
