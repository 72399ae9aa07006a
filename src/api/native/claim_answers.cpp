#include "api/native/claim_answers.hpp"

#include "api/native/json_response.hpp"
#include "api/native/problems.hpp"
#include "api/native/query_json.hpp"

namespace coatcheck::api::native {

namespace {

// Whether what went wrong is for the client to mend (422) or lies with the warehouse or with us (502).
int status_of(FailureCategory category) {
  switch (category) {
    case FailureCategory::statement:
    case FailureCategory::permission:
    case FailureCategory::timeout:
    case FailureCategory::resources: return 422;
    case FailureCategory::queue_timeout:
    case FailureCategory::interrupted:
    case FailureCategory::unavailable:
    case FailureCategory::internal: return 502;
    case FailureCategory::canceled: return 409;
  }
  return 502;
}

}  // namespace

http::Response no_result(const query::Service::Claim& claim) {
  const journal::Entry& entry = *claim.snapshot.entry;
  switch (entry.state) {
    case journal::State::queued:
    case journal::State::running:
    case journal::State::canceling:
      return json_response(202, query_json(claim.snapshot), {{"ETag", version_tag(entry)}, {"Retry-After", "1"}});
    case journal::State::failed:
    case journal::State::canceled: {
      const Failure failure = entry.failure.value_or(Failure{});
      const int status = entry.state == journal::State::canceled ? 409 : status_of(failure.category);
      return http::to_response({.status = status,
                                .title = entry.state == journal::State::canceled ? "Query canceled" : "Query failed",
                                .detail = failure.message,
                                .extensions = {{"error", failure_json(failure)}}});
    }
    case journal::State::succeeded: return problem(claim.reader.error());
  }
  return problem(claim.reader.error());
}

}  // namespace coatcheck::api::native
