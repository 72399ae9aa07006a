#include "principals/principal.hpp"

#include <algorithm>

namespace coatcheck::principals {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::user: return "user";
    case Role::admin: return "admin";
  }
  return "user";
}

std::optional<Role> parse_role(std::string_view name) {
  if (name == "user") return Role::user;
  if (name == "admin") return Role::admin;
  return std::nullopt;
}

bool is_principal_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '@' || c == '-';
  });
}

}  // namespace coatcheck::principals
