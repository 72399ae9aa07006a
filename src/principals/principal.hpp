#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace coatcheck::principals {

// What a principal may see and do.
enum class Role {
  user,   // Its own queries and results.
  admin,  // Everybody's.
};

// Returns "user" or "admin".
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view name);

// Who is asking. Two keys of the same name are the same principal.
struct Principal {
  std::string name;
  Role role = Role::user;

  bool operator==(const Principal&) const = default;
};

// Who a query's principal is to the server itself: without authentication everybody sees all; else nobody sees more
// than its own, administrators neither.
inline Principal principal_of_query(std::string name, bool everyone_sees_all) {
  return {.name = std::move(name), .role = everyone_sees_all ? Role::admin : Role::user};
}

// Whether `name` is one to 64 of A-Z a-z 0-9 . _ @ -
bool is_principal_name(std::string_view name);

}  // namespace coatcheck::principals
