#include "rows/names.hpp"

#include <arrow/type.h>

#include <cstdint>
#include <unordered_map>
#include <unordered_set>

namespace coatcheck::rows {

std::vector<std::string> unique_names(const std::vector<std::string>& names) {
  std::unordered_set<std::string> taken(names.begin(), names.end());
  if (taken.size() == names.size()) return names;

  std::vector<std::string> unique;
  unique.reserve(names.size());
  // Where to go on counting, so that ten thousand columns of one name cost ten thousand steps.
  std::unordered_map<std::string, std::uint64_t> repeats;
  for (const std::string& name : names) {
    const auto [entry, is_first] = repeats.try_emplace(name, 0);
    if (is_first) {
      unique.push_back(name);
      continue;
    }
    std::string candidate;
    do {
      candidate = name + "_" + std::to_string(++entry->second);
    } while (!taken.insert(candidate).second);
    unique.push_back(std::move(candidate));
  }
  return unique;
}

Schema with_unique_names(const Schema& schema) {
  const std::vector<std::string> names = schema->field_names();
  const std::vector<std::string> unique = unique_names(names);
  if (unique == names) return schema;
  arrow::FieldVector fields;
  fields.reserve(unique.size());
  for (std::size_t i = 0; i < unique.size(); ++i) {
    fields.push_back(schema->field(static_cast<int>(i))->WithName(unique[i]));
  }
  return arrow::schema(std::move(fields), schema->metadata());
}

}  // namespace coatcheck::rows
