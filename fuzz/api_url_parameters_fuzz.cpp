// The query of a URL, read as the endpoints read theirs: numbers, durations and times stay in their bounds, and
// times read back as themselves.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "api/native/url_parameters.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace native = coatcheck::api::native;
  coatcheck::http::Request request;
  request.query.assign(reinterpret_cast<const char*>(data), size);
  request.captures.push_back(request.query);
  if (const auto id = native::id_of(request); id && coatcheck::QueryId::parse(id->to_string()) != *id) std::abort();

  const auto parameters = native::UrlParameters::read(request, {"wait", "limit", "since", "status"});
  if (!parameters) return 0;
  constexpr std::chrono::minutes wait_max{1};
  const auto limit = parameters->number("limit", 1, 1'000);
  if (limit && *limit && (**limit < 1 || **limit > 1'000)) std::abort();
  const auto wait = parameters->duration("wait", wait_max);
  if (wait && *wait && ((*wait)->count() < 0 || **wait > wait_max)) std::abort();
  const auto since = parameters->time("since");
  if (since && *since) {
    const auto again = coatcheck::parse_rfc3339(coatcheck::to_rfc3339(**since));
    if (!again || *again != **since) std::abort();
  }
  const auto status = parameters->text("status");
  if (status && status->size() > size) std::abort();
  return 0;
}
