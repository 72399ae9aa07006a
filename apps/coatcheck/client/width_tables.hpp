#pragma once

#include <span>

namespace coatcheck::client {

// Code points from `first` to `last`, both included.
struct Span {
  char32_t first;
  char32_t last;
};

// Both in rising order.
std::span<const Span> wide_points();
std::span<const Span> zero_width_points();

}  // namespace coatcheck::client
