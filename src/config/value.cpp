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

Error wrong(std::string why) { return {Errc::invalid_argument, std::move(why)}; }

bool is_numeric_address(const std::string& address, int family) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(family, address.c_str(), bytes.data()) == 1;
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

  // Empty for the default; else they are set one by one.
  Result<void> operator()(Texts* value) const { return clear(value); }
  Result<void> operator()(Credentials* value) const { return clear(value); }

  Result<void> clear(auto* value) const {
    if (!text.empty()) return wrong("it is a table, so its entries are set one by one: setting.entry=value");
    value->clear();
    return Result<void>::ok();
  }

  template <class T>
  static Result<void> keep(Result<T> parsed, T* value) {
    if (!parsed) return std::move(parsed).error();
    *value = *std::move(parsed);
    return Result<void>::ok();
  }
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

// Returns a key as TOML, in quotes if it needs them.
std::string toml_key(const std::string& key) {
  const bool is_bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return is_bare ? key : toml_string(key);
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
  std::string operator()(const Texts* value) const {
    return table(*value, [](const std::string& text) { return toml_string(text); });
  }
  std::string operator()(const Credentials* value) const {
    return table(*value, [](const CredentialSource& source) {
      Texts parts;
      if (!source.file.empty()) parts["file"] = source.file;
      if (!source.environment.empty()) parts["environment"] = source.environment;
      return TomlWriter{}(&parts);
    });
  }

  static std::string table(const auto& entries, auto write) {
    std::string text = "{";
    for (const auto& [key, value] : entries) {
      if (text.size() > 1) text += ", ";
      text += toml_key(key) + " = " + write(value);
    }
    return text + "}";
  }
};

}  // namespace

Result<Count> parse_count(std::string_view text) {
  Count value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || rest != end) return wrong(toml_string(text) + " is not a whole number");
  return value;
}

bool is_loopback(const Endpoint& endpoint) { return endpoint.address.starts_with("127.") || endpoint.address == "::1"; }

std::string to_string(const Endpoint& endpoint) {
  const bool in_brackets = endpoint.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", in_brackets ? "[" : "", endpoint.address, in_brackets ? "]" : "", endpoint.port);
}

Result<void> set_from_text(Slot slot, std::string_view text) { return std::visit(Setter{text}, slot); }

Result<void> set_entry_from_text(Slot slot, std::string_view entry, std::string_view text) {
  if (auto* const* texts = std::get_if<Texts*>(&slot)) {
    (**texts)[std::string(entry)] = text;
    return Result<void>::ok();
  }
  auto* const* credentials = std::get_if<Credentials*>(&slot);
  if (credentials == nullptr) return wrong("it has no entries");
  const std::size_t dot = entry.rfind('.');
  if (dot == std::string_view::npos)
    return wrong("write credentials.<option>.file=… or credentials.<option>.environment=…");
  CredentialSource& source = (**credentials)[std::string(entry.substr(0, dot))];
  if (entry.substr(dot + 1) == "file") {
    source.file = text;
  } else if (entry.substr(dot + 1) == "environment") {
    source.environment = text;
  } else {
    return wrong("a credential has a file or an environment");
  }
  return Result<void>::ok();
}

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
