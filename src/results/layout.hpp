#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/query_id.hpp"
#include "rows/format.hpp"

namespace coatcheck::results {

// How files are named (docs/formats/result.md).

inline constexpr int folder_count = 256;

// Returns "00" … "ff".
std::string folder_name(int n);
std::string folder_of(QueryId query);

std::filesystem::path sealed_path(const std::filesystem::path& directory, QueryId query);
std::filesystem::path partial_path(const std::filesystem::path& directory, QueryId query);

// Of a result written down in another format, and the same while it is being made.
std::filesystem::path rendition_path(const std::filesystem::path& directory, QueryId query, rows::Format format);
std::filesystem::path partial_rendition_path(const std::filesystem::path& directory, QueryId query,
                                             rows::Format format);

// What a file in one of the folders is; nothing if the name is not one of ours, or not of this folder.
struct Named {
  enum class Kind { partial, sealed, rendition };  // A rendition may be one that is being made.
  QueryId query;
  Kind kind = Kind::partial;
};
std::optional<Named> parse_name(std::string_view folder, std::string_view name);

}  // namespace coatcheck::results
