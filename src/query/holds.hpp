#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::query {

// One place that somebody holds, until the last copy of this dies: on any thread, also after the Holds it is of.
using Hold = std::shared_ptr<const void>;

// How many places of one kind each principal holds. Safe from any thread.
class Holds {
 public:
  Holds();

  // Takes one more for the principal; nothing if it holds `max` or more.
  std::optional<Hold> take(std::string principal, std::size_t max);

  std::size_t held(std::string_view principal) const;

 private:
  struct Counts;
  struct Place;
  std::shared_ptr<Counts> counts_;
};

}  // namespace coatcheck::query
