#include "results/store.hpp"

#include <utility>

namespace coatcheck::results {

Result<std::uint64_t> Store::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex);
  auto file = files.open(path);
  if (!file) {
    if (file.error().code == Errc::not_found) return std::uint64_t{0};
    return std::move(file).error();
  }
  auto bytes = (*file)->size();
  if (!bytes) return std::move(bytes).error();
  if (auto removed = files.remove(path); !removed) return std::move(removed).error();
  quota.release(*bytes);
  return *bytes;
}

}  // namespace coatcheck::results
