#include "warehouse/adbc/secrets.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace coatcheck::warehouse::adbc {

namespace {

bool says_secret(std::string_view key) {
  std::string lower(key);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  constexpr std::array<std::string_view, 9> words = {"pass", "pwd",   "secret",       "token",     "key",
                                                     "cred", "pkcs8", "account_json", "auth_value"};
  return std::ranges::any_of(words, [&](std::string_view word) { return lower.find(word) != lower.npos; });
}

std::string without_percents(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

Secrets::Secrets(const std::map<std::string, std::string>& options) {
  for (const auto& [key, value] : options) {
    if (says_secret(key)) add(value);
    if (value.find_first_of("=@") != value.npos) add_from_connection_string(value);
  }
  std::ranges::sort(parts_, [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Secrets::hide(std::string words) const {
  constexpr std::string_view hidden = "***";
  for (const auto& part : parts_) {
    for (std::size_t at = words.find(part); at != words.npos; at = words.find(part, at + hidden.size())) {
      words.replace(at, part.size(), hidden);
    }
  }
  return words;
}

void Secrets::add(std::string_view secret) {
  const auto add_one = [this](std::string part) {
    if (!part.empty() && std::ranges::find(parts_, part) == parts_.end()) parts_.push_back(std::move(part));
  };
  // Whoever reads it otherwise than meant may cut it at any of these.
  constexpr std::string_view cuts = "@:/?# &'\"";
  const std::string decoded = without_percents(secret);
  for (const std::string_view whole : {secret, std::string_view(decoded)}) {
    add_one(std::string(whole));
    for (std::size_t from = 0; from < whole.size();) {
      const auto end = std::min(whole.find_first_of(cuts, from), whole.size());
      if (end - from >= 2) add_one(std::string(whole.substr(from, end - from)));
      from = end + 1;
    }
  }
}

void Secrets::add_from_connection_string(std::string_view text) {
  if (const auto scheme = text.find("://"); scheme != text.npos) {
    const auto user = scheme + 3;
    const auto at = text.rfind('@');
    const auto colon = text.find(':', user);
    if (at != text.npos && colon != text.npos && colon < at) add(text.substr(colon + 1, at - colon - 1));
  }
  constexpr std::string_view ends = "&; \t\n";
  for (std::size_t equals = text.find('='); equals != text.npos; equals = text.find('=', equals + 1)) {
    const auto before = text.substr(0, equals);
    const auto start = before.find_last_of("?&; \t\n");
    if (!says_secret(before.substr(start == before.npos ? 0 : start + 1))) continue;
    auto value = text.substr(equals + 1);
    if (value.starts_with('\'') || value.starts_with('"')) {
      const auto close = value.find(value.front(), 1);
      add(value.substr(1, close == value.npos ? value.npos : close - 1));
    } else {
      add(value.substr(0, value.find_first_of(ends)));
    }
  }
}

}  // namespace coatcheck::warehouse::adbc
