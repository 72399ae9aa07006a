#pragma once

#include "base/failure.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "http/problem.hpp"

namespace coatcheck::api::native {

// The one place where our errors become HTTP. Words of internal trouble (io_error, corrupt) stay inside.
http::Response problem(const Error& error);

http::Response unauthorized(const Error& error);

// Returns the failure as the JSON object that stands in `error` wherever a failed query is shown.
std::string failure_json(const Failure& failure);

}  // namespace coatcheck::api::native
