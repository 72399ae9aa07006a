// Any bytes as the JSON body of a request, as every endpoint with a body reads it: what is accepted is an object
// that is accepted again when it is written out, with as many members.
#include <boost/json/serialize.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "api/native/json_body.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace native = coatcheck::api::native;
  coatcheck::http::Request request;
  request.fields.push_back({"Content-Type", "application/json"});
  request.body.assign(reinterpret_cast<const char*>(data), size);
  const auto body = native::read_json_body(request);
  if (!body) return 0;

  const auto queries = native::text_member(*body, "queries", "path", 64);
  if (queries && *queries && ((*queries)->size() > 64 || (*queries)->find('\0') != std::string::npos)) std::abort();
  const auto version = native::whole_member(*body, "version", {}, 5, 1'000);
  if (version && *version && (**version < 5 || **version > 1'000)) std::abort();
  const auto known = native::only_known(*body, {"queries", "version"}, {});
  if (known && body->size() > 2) std::abort();

  request.body = boost::json::serialize(*body);
  // Boost.JSON reads a number past all doubles as infinity and "0e999" as NaN, which JSON cannot say.
  for (const char* word : {"Infinity", "NaN"}) {
    if (request.body.find(word) != std::string::npos) return 0;
  }
  const auto again = native::read_json_body(request);
  if (!again || again->size() != body->size()) std::abort();
  return 0;
}
