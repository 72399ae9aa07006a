#pragma once

#include <chrono>

#include "api/native/door.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "journal/journal.hpp"

namespace coatcheck::api::native {

// What a submit asks for.
struct SubmitBody {
  journal::Submission submission;  // Without principal.
  std::chrono::milliseconds wait{0};
  bool cancel_on_wait_timeout = false;
};

// Reads `POST /v1/queries`: the body, and the fields Idempotency-Key, Prefer (RFC 7240) and traceparent.
Result<SubmitBody> read_submit_body(const http::Request& request, const Limits& limits);

}  // namespace coatcheck::api::native
