// GET /queries/{id}/chunks/{first}-{count}: rows of a large result, by a signed address.
#include <utility>

#include "api/claim/rows_body.hpp"
#include "api/snowflake_driver/door.hpp"
#include "rows/snowflake/encoders.hpp"

namespace coatcheck::api::snowflake_driver {

async::Task<http::Response> Door::chunk(http::Request request) {
  auto asked = read_chunk_address(request, sessions_.signer(), clock_.now());
  http::Response response;
  response.status = 403;  // As a store of objects answers for an address that does not work: drivers ask for a new one.
  response.fields = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = std::string("there is no such chunk, or its address has expired");
  if (!asked) co_return response;
  // Whose result it is was asked when the address was signed.
  principals::Principal anybody{.name = "", .role = principals::Role::admin};
  auto claim = co_await service_.claim(std::move(anybody), asked->id);
  if (!claim && claim.error().code == Errc::resource_exhausted) {
    response.status = 429;  // Its principal has as many results on their way as it may have: drivers come again.
    response.fields.push_back({"Retry-After", "1"});
    response.body = claim.error().message;
    co_return response;
  }
  if (!claim || !claim->reader) co_return response;

  const rows::Schema schema = (*claim->reader)->manifest().schema;
  auto encoder = asked->format == RowFormat::arrow
                     ? rows::snowflake::make_arrow_encoder(schema)
                     : rows::snowflake::make_rowset_encoder(schema, rows::snowflake::Dialect::driver);
  if (!encoder) co_return response;
  claim::RowsAsked rows{
      .offset = asked->first, .limit = asked->count, .whole_batches = asked->format == RowFormat::arrow};
  response.status = 200;
  response.fields = {{"Cache-Control", "private, max-age=3600"}};
  if (asked->format == RowFormat::json) {
    // Rows without brackets around them are no JSON document, and Node's driver would parse one that is called so.
    response.fields.push_back({"Content-Type", "application/octet-stream"});
    // Identity is what is left if the driver takes no coding that we know.
    rows.coding = http::choose_coding(request.field("Accept-Encoding")).value_or(http::ContentCoding::identity);
    if (rows.coding == http::ContentCoding::zstd) rows.coding = http::ContentCoding::gzip;
    if (rows.coding == http::ContentCoding::gzip) response.fields.push_back({"Content-Encoding", "gzip"});
  } else {
    response.fields.push_back({"Content-Type", "application/vnd.apache.arrow.stream"});
  }
  telemetry::Counter& bytes = registry_.counter(
      "coatcheck_claim_bytes_total", "Bytes of result sent to clients, by format.", {{"format", "snowflake"}});
  response.body = claim::rows_body(*claim->reader, *std::move(encoder), rows, encoding_, bytes);
  co_return response;
}

}  // namespace coatcheck::api::snowflake_driver
