#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace coatcheck::warehouse::adbc {

// What must not show in words that a driver puts together, for some of them quote what they could not read.
class Secrets {
 public:
  Secrets() = default;

  // Takes from a database's options every value whose key says that it is secret, and, from those that hold a URI or a
  // list of key=value, the password in it and the values of keys that say so; also pieces of them, where they are
  // written such that a driver may split them elsewhere than we do.
  explicit Secrets(const std::map<std::string, std::string>& options);

  // Returns the words with each of them replaced by "***".
  std::string hide(std::string words) const;

 private:
  void add(std::string_view secret);
  void add_from_connection_string(std::string_view text);

  std::vector<std::string> parts_;  // The longest first.
};

}  // namespace coatcheck::warehouse::adbc
