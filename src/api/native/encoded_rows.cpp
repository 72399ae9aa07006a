#include "api/native/encoded_rows.hpp"

#include <utility>

#include "api/claim/rows_body.hpp"

namespace coatcheck::api::native {

namespace {

claim::RowsAsked to_claim(const RowsAsked& asked) {
  const bool keeps_batches = asked.format == rows::Format::arrow || asked.format == rows::Format::parquet;
  return {.offset = asked.offset, .limit = asked.limit, .coding = asked.coding, .whole_batches = keeps_batches};
}

}  // namespace

Result<std::unique_ptr<http::BodySource>> encoded_rows(std::shared_ptr<const results::Reader> reader, RowsAsked asked,
                                                       async::Pool& pool, telemetry::Counter& bytes) {
  auto encoder = rows::make_encoder(asked.format, reader->manifest().schema);
  if (!encoder) return std::move(encoder).error();
  return claim::rows_body(std::move(reader), *std::move(encoder), to_claim(asked), pool, bytes);
}

Result<std::optional<std::string>> encoded_text(const results::Reader& reader, RowsAsked asked, std::size_t bytes_max) {
  auto encoder = rows::make_encoder(asked.format, reader.manifest().schema);
  if (!encoder) return std::move(encoder).error();
  return claim::rows_text(reader, *std::move(encoder), to_claim(asked), bytes_max);
}

}  // namespace coatcheck::api::native
