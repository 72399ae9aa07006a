#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "config/credential.hpp"
#include "config/settings.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck {

// Opens the warehouse that the settings describe, of whatever kind. Fails if they cannot be right, with words for
// operators; a warehouse that is only down is opened, and so is one whose secrets cannot be read now.
Result<std::unique_ptr<warehouse::Connector>> open_warehouse(const config::Warehouse& settings, async::Loop& loop);

// A secret that the warehouse needs.
struct NamedCredential {
  std::string option;  // What the warehouse's driver calls it; "secret" or "passphrase" for others.
  config::Credential credential;
};
std::vector<NamedCredential> credentials_of(const config::Warehouse& settings);

}  // namespace coatcheck
