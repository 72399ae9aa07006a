#pragma once

#include <string>
#include <vector>

#include "rows/batch.hpp"

namespace coatcheck::rows {

// Returns the names, made different from each other: the first "a" stays "a", the next are "a_1", "a_2", ….
// A suffix that would make the name of another column is passed over. Same order, same count; names that
// occur once are never changed. Every format uses these names.
std::vector<std::string> unique_names(const std::vector<std::string>& names);

// Returns the schema with its columns named by unique_names(), which is `schema` itself if they differ already.
Schema with_unique_names(const Schema& schema);

}  // namespace coatcheck::rows
