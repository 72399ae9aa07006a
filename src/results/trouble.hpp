#pragma once

#include <string>

#include "base/result.hpp"

namespace arrow {
class Status;
}

namespace coatcheck::results {

// Errors as a client may see them: no paths, no system words. Those are kept in Error::detail for the log.

// Something went wrong while a result was written. A full disk becomes Errc::resource_exhausted.
Error while_storing(Error error);

// Something went wrong while a result was read. Errc::not_found stays as it is.
Error while_reading(Error error);

// Stored bytes that cannot be what was written; `detail` says what is wrong with them.
Error damaged(std::string detail);

// What Arrow says when it can not do something, as an error with `code` (out of memory: resource_exhausted).
Error from_arrow(const arrow::Status& status, Errc code, std::string message);

}  // namespace coatcheck::results
