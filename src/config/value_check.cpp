#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/byte_size.hpp"
#include "base/clock.hpp"
#include "config/value.hpp"

namespace coatcheck::config {

namespace {

constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t key_bytes_max = 256;
constexpr std::size_t list_items_max = 1000;
constexpr std::size_t entries_max = 100;

Error wrong(std::string why) { return {Errc::invalid_argument, std::move(why)}; }

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_principal_name(std::string_view text) {
  std::string plain(text);
  std::replace_if(plain.begin(), plain.end(), [](char c) { return c == '.' || c == '@'; }, '-');
  return is_name(plain);
}

bool is_among(std::string_view text, std::string_view choices) {
  while (!choices.empty()) {
    const std::size_t bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == text) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; });
}

Result<void> check_text(std::string_view text) {
  if (text.size() > text_bytes_max) return wrong("the text is too long");
  if (has_controls(text)) return wrong(toml_string(text) + " has control characters");
  return Result<void>::ok();
}

Result<void> check_key(std::string_view key) {
  if (key.empty()) return wrong("an entry has no name");
  if (key.size() > key_bytes_max) return wrong("the name of an entry is too long");
  return check_text(key);
}

// The text is not shown: it may be a secret that somebody has put in the wrong place.
Result<void> check_variable(std::string_view name) {
  const bool fine = name.size() <= key_bytes_max && std::all_of(name.begin(), name.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                    });
  if (!fine) return wrong("this is not the name of a variable");
  return Result<void>::ok();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Whether it is usual that an option of this name is secret, or a secret is plain to see in its value.
bool holds_secret(std::string_view key, std::string_view value) {
  constexpr std::array<std::string_view, 8> words = {
      "password", "passwd", "pwd", "passphrase", "secret", "token", "authorization_header", "pkcs8_value"};
  const std::string name = lower(key);
  if (std::any_of(words.begin(), words.end(), [&](std::string_view word) { return name.ends_with(word); })) return true;
  const std::string text = lower(value);
  if (text.find("password=") != text.npos || text.find("pwd=") != text.npos) return true;
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos) return false;
  const std::string authority = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
  const std::size_t at = authority.rfind('@');
  return at != authority.npos && authority.find(':') < at;
}

// Whether what is behind the slot is within its bounds. Bounds are trusted: they are our own.
struct Checker {
  Allowed allowed;

  Result<void> operator()(const std::string* value) const {
    auto checked = check_text(*value);
    if (!checked) return checked;
    if (allowed.choices.empty()) return checked;
    if (allowed.choices == "variable") return check_variable(*value);
    const bool fine = allowed.choices == "name"        ? is_name(*value)
                      : allowed.choices == "principal" ? is_principal_name(*value)
                      : allowed.choices == "path"      ? !value->empty()
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

  Result<void> operator()(const Texts* value) const {
    if (value->size() > entries_max) return wrong("there are too many entries");
    for (const auto& [key, text] : *value) {
      if (auto checked = check_key(key); !checked) return checked;
      // Neither shows a value: what is wrong with it may be that it is a secret.
      if (text.size() > text_bytes_max) return wrong(toml_string(key) + " is too long");
      if (has_controls(text)) return wrong(toml_string(key) + " has control characters");
      if (allowed.choices == "no secrets" && holds_secret(key, text)) {
        return wrong(toml_string(key) + " would hold a secret, and none may stand here: give it as " + "credentials." +
                     key + " = {file = \"…\"}");
      }
    }
    return Result<void>::ok();
  }
  Result<void> operator()(const Credentials* value) const {
    if (value->size() > entries_max) return wrong("there are too many entries");
    for (const auto& [key, source] : *value) {
      if (auto checked = check_key(key); !checked) return checked;
      if (source.file.empty() == source.environment.empty())
        return wrong(toml_string(key) + " needs a file or an environment, and not both");
      if (auto checked = check_text(source.file); !checked) return checked;
      if (auto checked = check_variable(source.environment); !checked) return checked;
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
    if (allowed.choices == "principal") return "a name of 1 to 64 of A-Z a-z 0-9 . _ @ -";
    if (allowed.choices == "path") return "a path";
    if (allowed.choices == "variable") return "the name of a variable";
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
  std::string operator()(const Texts*) const { return "a table of texts"; }
  std::string operator()(const Credentials*) const { return "a table of {file = …} or {environment = …}"; }
};

}  // namespace

Result<void> check(Slot slot, Allowed allowed) { return std::visit(Checker{allowed}, slot); }

std::string describe(Slot slot, Allowed allowed) { return std::visit(Describer{allowed}, slot); }

}  // namespace coatcheck::config
