// GET /v1/queries/{id}/result: claim the rows, whole or a page of them, in the format that is asked for.
#include <arrow/util/config.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "api/native/claim_answers.hpp"
#include "api/native/door.hpp"
#include "api/native/encoded_rows.hpp"
#include "api/native/json_response.hpp"
#include "api/native/problems.hpp"
#include "api/native/query_json.hpp"
#include "api/native/quota_fields.hpp"
#include "api/native/rendition.hpp"
#include "api/native/stored_arrow.hpp"
#include "api/native/url_parameters.hpp"
#include "http/accept.hpp"
#include "http/etag.hpp"
#include "http/range.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::api::native {

namespace {

// What a claim asks for in its URL and its fields.
struct ClaimAsked {
  RowsAsked rows;
  bool paged = false;  // With a limit: a link leads to the rows after it.
};

http::Response not_acceptable(std::string detail, std::string field) {
  return http::to_response(
      {.status = 406, .title = "Not acceptable", .detail = std::move(detail), .field = std::move(field)});
}

Result<rows::Format> format_asked(const http::Request& request, const UrlParameters& parameters) {
  if (const auto name = parameters.text("format")) {
    const auto format = rows::parse_format(*name);
    if (!format) return Error{Errc::invalid_argument, "must be json, rows, ndjson, csv, arrow or parquet", "format"};
    return *format;
  }
  std::array<std::string_view, rows::all_formats.size()> offered{};
  std::transform(rows::all_formats.begin(), rows::all_formats.end(), offered.begin(),
                 [](rows::Format format) { return rows::media_type(format); });
  const auto chosen = http::choose_media_type(request.field("Accept"), offered);
  if (!chosen)
    return Error{Errc::not_found, "the result can be had as json, rows, ndjson, csv, arrow or parquet", "Accept"};
  return rows::all_formats[*chosen];
}

Result<ClaimAsked> read_claim(const http::Request& request, const Limits& limits) {
  auto parameters = UrlParameters::read(request, {"format", "offset", "limit"});
  if (!parameters) return std::move(parameters).error();
  ClaimAsked asked;
  auto format = format_asked(request, *parameters);
  if (!format) return std::move(format).error();
  asked.rows.format = *format;
  auto offset = parameters->number("offset", 0, INT64_MAX);
  if (!offset) return std::move(offset).error();
  asked.rows.offset = offset->value_or(0);
  auto limit = parameters->number("limit", 1, limits.page_rows_max);
  if (!limit) return std::move(limit).error();
  asked.paged = limit->has_value();
  asked.rows.limit = limit->value_or(INT64_MAX);
  return asked;
}

// The entity tag of this document of the result. A result never changes and the same rows make the same bytes, so its
// name is enough; but another version of Arrow may write Parquet in another way, and a download that goes on after the
// server has been renewed must not be put together of both.
std::string result_tag(QueryId id, const RowsAsked& asked) {
  const std::string_view writer = asked.format == rows::Format::parquet ? "-" ARROW_VERSION_STRING : "";
  return fmt::format("\"{}-{}-{}-{}-{}{}\"", id.to_string(), rows::to_string(asked.format), asked.offset, asked.limit,
                     http::to_string(asked.coding), writer);
}

std::string next_link(QueryId id, const ClaimAsked& asked) {
  return fmt::format("</v1/queries/{}/result?format={}&offset={}&limit={}>; rel=\"next\"", id.to_string(),
                     rows::to_string(asked.rows.format), asked.rows.offset + asked.rows.limit, asked.rows.limit);
}

std::string content_type(rows::Format format) {
  std::string type(rows::media_type(format));
  if (format == rows::Format::csv) type += "; charset=utf-8; header=present";
  return type;
}

// How many bytes a body of files and text has.
std::uint64_t bytes_of(const std::vector<http::Segment>& segments) {
  std::uint64_t bytes = 0;
  for (const http::Segment& segment : segments) {
    const auto* text = std::get_if<std::string>(&segment);
    bytes += text != nullptr ? text->size() : std::get<http::FileSlice>(segment).bytes;
  }
  return bytes;
}

// Sends stored bytes, of which any part can be had: a range of them if the request asks for one.
void answer_with_file(const http::Request& request, const std::string& tag, std::vector<http::Segment> segments,
                      telemetry::Counter& bytes, http::Response& response) {
  response.body = std::move(segments);
  http::apply_range(request, tag, response);
  const auto* sent = std::get_if<std::vector<http::Segment>>(&response.body);
  if (sent != nullptr && request.verb != http::Verb::head) bytes.Increment(static_cast<double>(bytes_of(*sent)));
}

}  // namespace

async::Task<http::Response> Door::result(Asker asker, http::Request request) {
  auto id = id_of(request);
  if (!id) co_return problem(id.error());
  auto asked = read_claim(request, limits_);
  if (!asked) {
    if (asked.error().field == "Accept") co_return not_acceptable(asked.error().message, asked.error().field);
    co_return problem(asked.error());
  }

  auto claim = co_await service_.claim(asker, *id);
  if (!claim) co_return with_quotas(problem(claim.error()), service_, asker, {query::Limit::claims});
  if (!claim->reader) co_return no_result(*claim);
  const std::shared_ptr<const results::Reader> reader = *claim->reader;
  const std::uint64_t total = reader->manifest().rows;

  // Stored bytes are compressed already; what is encoded now may be compressed as the client likes.
  const bool whole = asked->rows.offset == 0 && asked->rows.limit >= total;
  const bool as_stored = whole && asked->rows.format == rows::Format::arrow;
  const bool compressible = asked->rows.format != rows::Format::arrow && asked->rows.format != rows::Format::parquet;
  if (compressible) {
    const auto coding = http::choose_coding(request.field("Accept-Encoding"));
    if (!coding) co_return not_acceptable("the result can be sent as it is, as gzip or as zstd", "Accept-Encoding");
    asked->rows.coding = *coding;
  }

  const std::string tag = result_tag(*id, asked->rows);
  std::vector<http::Field> fields = {{"Content-Type", content_type(asked->rows.format)},
                                     {"Cache-Control", "private, no-cache"},
                                     {"Vary", "Accept, Accept-Encoding, Authorization"},
                                     {"ETag", tag},
                                     {"Coatcheck-Total-Rows", std::to_string(total)}};
  if (asked->paged && asked->rows.offset + asked->rows.limit < total)
    fields.push_back({"Link", next_link(*id, *asked)});
  if (http::if_none_match_holds(request.field("If-None-Match"), tag)) {
    http::Response not_modified;
    not_modified.status = 304;
    not_modified.fields = std::move(fields);
    co_return not_modified;
  }
  fields.push_back({"Content-Disposition",
                    fmt::format("inline; filename=\"{}.{}\"", id->to_string(), rows::extension(asked->rows.format))});

  telemetry::Counter& bytes =
      registry_.counter("coatcheck_claim_bytes_total", "Bytes of result sent to clients, by format.",
                        {{"format", std::string(rows::to_string(asked->rows.format))}});
  registry_
      .counter("coatcheck_claims_total", "Results claimed, by format.",
               {{"format", std::string(rows::to_string(asked->rows.format))}})
      .Increment();

  http::Response response;
  response.fields = std::move(fields);
  response = with_quotas(std::move(response), service_, asker, {query::Limit::claims});
  if (as_stored) {
    auto check = [reader] { return stored_arrow(reader); };
    auto stored = co_await encoding_.run(std::move(check));
    if (!stored) co_return problem(stored.error());
    answer_with_file(request, tag, *std::move(stored), bytes, response);
    co_return response;
  }
  if (whole && asked->rows.format == rows::Format::parquet) {
    auto file = co_await rendition(reader, asked->rows.format, needs_length(request, tag), encoding_);
    if (file && *file) {
      answer_with_file(request, tag, **std::move(file), bytes, response);
      co_return response;
    }
    if (!file && file.error().code == Errc::invalid_argument) co_return not_acceptable(file.error().message, "format");
    // Without room for the file the rows are streamed, and Range is ignored as RFC 9110 allows.
    if (!file && file.error().code != Errc::resource_exhausted) co_return problem(file.error());
    if (file) response.fields.push_back({"Accept-Ranges", "bytes"});
  }
  if (asked->rows.coding != http::ContentCoding::identity) {
    response.fields.push_back({"Content-Encoding", std::string(http::to_string(asked->rows.coding))});
  }
  auto encoded = encoded_rows(reader, asked->rows, encoding_, bytes);
  if (!encoded) co_return not_acceptable(encoded.error().message, "format");
  response.body = *std::move(encoded);
  co_return response;
}

// A query that ended within the client's wait: its status, and the first rows with it if they are not too many bytes.
// The query has been accepted whatever happens here, so trouble with the page only leaves it out.
async::Task<http::Response> Door::ended_in_time(query::Snapshot snapshot) {
  const journal::Entry& entry = *snapshot.entry;
  std::string page;
  if (entry.state == journal::State::succeeded) {
    // The asker has just submitted it, so whose it is need not be asked again.
    principals::Principal asker{.name = entry.submission.principal};
    auto claim = co_await service_.claim(std::move(asker), entry.id);
    if (claim && claim->reader) page = co_await first_page(*claim->reader, entry.id);
  }
  std::string body = query_json(snapshot, page);
  co_return json_response(200, std::move(body), {{"ETag", version_tag(entry)}});
}

async::Task<std::string> Door::first_page(std::shared_ptr<const results::Reader> reader, QueryId id) {
  const RowsAsked asked{.format = rows::Format::json, .offset = 0, .limit = limits_.inline_rows_max};
  auto encode = [reader, asked, bytes_max = limits_.inline_bytes_max] {
    return encoded_text(*reader, asked, bytes_max);
  };
  auto text = co_await encoding_.run(std::move(encode));
  std::string page;
  if (!text) {
    telemetry::error("page_left_out", {{"query_id", id.to_string()}, {"error", text.error().message}});
    co_return page;
  }
  if (*text) page = R"(,"page":)" + **text;
  const std::uint64_t shown = *text ? limits_.inline_rows_max : 0;
  if (reader->manifest().rows > shown) {
    page += fmt::format(R"(,"next_page_url":"/v1/queries/{}/result?format=json&offset={}&limit={}")", id.to_string(),
                        shown, limits_.inline_rows_max);
  }
  co_return page;
}

}  // namespace coatcheck::api::native
