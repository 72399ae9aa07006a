#include "results/store.hpp"

#include <utility>

#include "base/byte_size.hpp"
#include "results/layout.hpp"

namespace coatcheck::results {

namespace {

Error spool_full(std::uint64_t bytes_max) {
  return {Errc::resource_exhausted,
          "the result spool is full (" + human_bytes(bytes_max) + "); there is room again when older results are gone"};
}

}  // namespace

Result<void> Store::reserve_for_rendition(std::uint64_t bytes) {
  if (!quota.reserve(bytes)) return spool_full(quota.max());
  return Result<void>::ok();
}

Result<void> Store::reserve_for_result(std::uint64_t bytes) {
  if (quota.reserve(bytes)) return Result<void>::ok();
  const std::lock_guard lock(mutex);
  // The oldest queries' first, and no more than needed.
  for (auto each = renditions.begin(); each != renditions.end();) {
    const auto removed = remove_locked(rendition_path(options.directory, each->first, each->second));
    each = removed ? renditions.erase(each) : std::next(each);
    if (quota.reserve(bytes)) return Result<void>::ok();
  }
  // Another one may have made room while this one waited.
  return reserve_for_rendition(bytes);
}

void Store::settle(const File* file, std::uint64_t reserved) {
  std::uint64_t real = 0;
  if (file != nullptr) {
    const auto size = file->size();
    real = size ? *size : reserved;
  }
  if (real < reserved) quota.release(reserved - real);
  if (real > reserved) quota.count(real - reserved);
}

Result<std::uint64_t> Store::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex);
  return remove_locked(path);
}

Result<std::uint64_t> Store::remove_locked(const std::filesystem::path& path) {
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
