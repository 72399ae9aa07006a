#include "rows/text/scratch.hpp"

#include <algorithm>
#include <cstring>

namespace coatcheck::rows::text {

char* Scratch::grow(char* at, std::size_t bytes) {
  const std::size_t used = at == nullptr ? 0 : static_cast<std::size_t>(at - bytes_.get());
  const std::size_t before = bytes_ == nullptr ? 0 : static_cast<std::size_t>(end_ - bytes_.get());
  const std::size_t size = std::max(used + bytes, before * 2);
  auto grown = std::make_unique_for_overwrite<char[]>(size);
  if (used > 0) std::memcpy(grown.get(), bytes_.get(), used);
  bytes_ = std::move(grown);
  end_ = bytes_.get() + size;
  return bytes_.get() + used;
}

}  // namespace coatcheck::rows::text
