#include "results/layout.hpp"

#include <fmt/format.h>

namespace coatcheck::results {

namespace {

constexpr std::string_view sealed_ending = ".result";
constexpr std::string_view partial_ending = ".partial";
constexpr std::size_t id_length = 36;

std::filesystem::path path_of(const std::filesystem::path& directory, QueryId query, std::string_view ending) {
  return directory / folder_of(query) / (query.to_string() + std::string(ending));
}

}  // namespace

std::string folder_name(int n) { return fmt::format("{:02x}", n); }

std::string folder_of(QueryId query) { return folder_name(query.bytes.back()); }

std::filesystem::path sealed_path(const std::filesystem::path& directory, QueryId query) {
  return path_of(directory, query, sealed_ending);
}

std::filesystem::path partial_path(const std::filesystem::path& directory, QueryId query) {
  return path_of(directory, query, partial_ending);
}

std::filesystem::path rendition_path(const std::filesystem::path& directory, QueryId query, rows::Format format) {
  return path_of(directory, query, "." + std::string(rows::to_string(format)));
}

std::filesystem::path partial_rendition_path(const std::filesystem::path& directory, QueryId query,
                                             rows::Format format) {
  return rendition_path(directory, query, format) += partial_ending;
}

std::optional<Named> parse_name(std::string_view folder, std::string_view name) {
  const auto query = QueryId::parse(name.substr(0, id_length));
  // Only the spelling that we write: another one would not be found again under its path.
  if (!query || query->to_string() != name.substr(0, id_length) || folder_of(*query) != folder) return std::nullopt;
  std::string_view ending = name.substr(id_length);
  if (ending == sealed_ending) return Named{*query, Named::Kind::sealed};
  if (ending == partial_ending) return Named{*query, Named::Kind::partial};
  if (ending.ends_with(partial_ending)) ending.remove_suffix(partial_ending.size());
  if (!ending.starts_with('.') || !rows::parse_format(ending.substr(1))) return std::nullopt;
  return Named{*query, Named::Kind::rendition};
}

}  // namespace coatcheck::results
