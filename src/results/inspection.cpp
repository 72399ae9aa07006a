#include "results/inspection.hpp"

#include <string>
#include <utility>

#include "results/reader.hpp"
#include "results/store.hpp"
#include "results/trouble.hpp"

namespace coatcheck::results {

Result<std::shared_ptr<const Reader>> open_result(const std::filesystem::path& directory, QueryId query, Files& files) {
  auto file = files.open(sealed_path(directory, query));
  if (!file) return while_reading(std::move(file).error());
  return make_reader(std::make_shared<Store>(SpoolOptions{.directory = directory}, files), *std::move(file), query);
}

Result<void> visit_files(
    const std::filesystem::path& directory, Files& files,
    const std::function<void(const Named& named, const std::filesystem::path& path, std::uint64_t bytes)>& visit) {
  for (int n = 0; n != folder_count; ++n) {
    const std::string folder = folder_name(n);
    auto listed = files.list(directory / folder);
    if (!listed && listed.error().code == Errc::not_found) continue;
    if (!listed) return std::move(listed).error();
    for (const Files::Listed& entry : *listed) {
      const auto named = parse_name(folder, entry.name);
      if (named && !entry.is_directory) visit(*named, directory / folder / entry.name, entry.bytes);
    }
  }
  return Result<void>::ok();
}

}  // namespace coatcheck::results
