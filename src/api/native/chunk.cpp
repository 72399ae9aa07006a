// GET /v1/queries/{id}/result/chunks and …/chunks/{n}: the stored chunks, to be fetched in any order, in parallel.
#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <utility>

#include "api/native/claim_answers.hpp"
#include "api/native/door.hpp"
#include "api/native/json_response.hpp"
#include "api/native/problems.hpp"
#include "api/native/quota_fields.hpp"
#include "api/native/stored_arrow.hpp"
#include "api/native/url_parameters.hpp"
#include "http/etag.hpp"
#include "http/range.hpp"
#include "rows/format.hpp"

namespace coatcheck::api::native {

async::Task<http::Response> Door::chunks(Asker asker, http::Request request) {
  auto id = id_of(request);
  if (!id) co_return problem(id.error());
  if (auto none = no_parameters(request); !none) co_return problem(none.error());
  auto claim = co_await service_.claim(asker, *id);
  if (!claim) co_return with_quotas(problem(claim.error()), service_, asker, {query::Limit::claims});
  if (!claim->reader) co_return no_result(*claim);

  const results::Manifest& manifest = (*claim->reader)->manifest();
  std::string body = fmt::format(R"({{"rows":{},"chunks":[)", manifest.rows);
  for (std::size_t n = 0; n != manifest.chunks.size(); ++n) {
    const results::Chunk& chunk = manifest.chunks[n];
    fmt::format_to(std::back_inserter(body),
                   R"({}{{"number":{},"first_row":{},"rows":{},"bytes":{},"url":"/v1/queries/{}/result/chunks/{}"}})",
                   n == 0 ? "" : ",", n, chunk.first_row, chunk.rows, chunk.bytes, id->to_string(), n);
  }
  body += "]}";
  co_return json_response(200, std::move(body));
}

async::Task<http::Response> Door::chunk(Asker asker, http::Request request) {
  auto id = id_of(request);
  if (!id) co_return problem(id.error());
  if (auto none = no_parameters(request); !none) co_return problem(none.error());
  auto claim = co_await service_.claim(asker, *id);
  if (!claim) co_return with_quotas(problem(claim.error()), service_, asker, {query::Limit::claims});
  if (!claim->reader) co_return no_result(*claim);

  const std::shared_ptr<const results::Reader> reader = *claim->reader;
  const std::string& number = request.captures[1];
  std::size_t n = 0;
  const auto [rest, trouble] = std::from_chars(number.data(), number.data() + number.size(), n);
  if (trouble != std::errc{} || rest != number.data() + number.size() || n >= reader->manifest().chunks.size()) {
    co_return problem({Errc::not_found, "the result has no such chunk"});
  }

  const std::string tag = fmt::format("\"{}-chunk-{}\"", id->to_string(), n);
  http::Response response;
  response.fields = {{"ETag", tag}, {"Cache-Control", "private, no-cache"}};
  if (http::if_none_match_holds(request.field("If-None-Match"), tag)) {
    response.status = 304;
    co_return response;
  }
  response.fields.push_back({"Content-Type", std::string(rows::media_type(rows::Format::arrow))});
  auto check = [reader, n] { return stored_chunk(reader, n); };
  auto stored = co_await encoding_.run(std::move(check));
  if (!stored) co_return problem(stored.error());
  response.body = *std::move(stored);
  http::apply_range(request, tag, response);
  co_return response;
}

}  // namespace coatcheck::api::native
