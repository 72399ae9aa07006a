#pragma once

#include <string_view>

namespace coatcheck::api::native {

// The contract of this API, as openapi.json in this folder has it: built into the program.
std::string_view openapi_json();

}  // namespace coatcheck::api::native
