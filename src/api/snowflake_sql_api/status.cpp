// GET /api/v2/statements/{handle}: how far a statement is, and a partition of its result; and how every answer about a
// query that has ended is made.
#include <utility>

#include "api/claim/rows_body.hpp"
#include "api/snowflake/lenient_json.hpp"
#include "api/snowflake_sql_api/answers.hpp"
#include "api/snowflake_sql_api/door.hpp"
#include "api/snowflake_sql_api/partition_encoder.hpp"
#include "api/snowflake_sql_api/partitions.hpp"
#include "api/snowflake_sql_api/result_set.hpp"
#include "http/content_coding.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

snowflake::SnowflakeError no_such_partition(std::size_t partition, std::size_t count) {
  snowflake::SnowflakeError error = snowflake::invalid_payload();
  error.message = "There is no partition " + std::to_string(partition) + ": the result has partitions 0 to " +
                  std::to_string(count - 1) + ".";
  return error;
}

snowflake::SnowflakeError no_handle() {
  snowflake::SnowflakeError error = snowflake::invalid_payload();
  error.message = "The address has no statement handle: it must be a UUID.";
  return error;
}

bool has_result(const journal::Entry& entry, Timestamp now) {
  return entry.result && entry.result_gone == journal::ResultGone::no && entry.result->expires_at > now;
}

// As Snowflake: gzip, unless the client says that it cannot read it.
http::ContentCoding coding_for(const std::string& accept_encoding) {
  if (accept_encoding.empty()) return http::ContentCoding::gzip;
  const auto coding = http::choose_coding(accept_encoding).value_or(http::ContentCoding::identity);
  return coding == http::ContentCoding::zstd ? http::ContentCoding::gzip : coding;
}

}  // namespace

async::Task<http::Response> Door::status(Asker asker, http::Request request) {
  const auto id = QueryId::parse(request.captures[0]);
  if (!id) co_return refuse(no_handle());
  const auto partition = read_partition(request);
  if (!partition) co_return refuse(partition.error());
  if (auto body = session_answers_.find(*id, asker)) {
    if (*partition != 0) co_return refuse(no_such_partition(*partition, 1));
    co_return first_rows(*id, *std::move(body), 1);
  }
  if (*partition == 0 && first_answers_.find(*id) != nullptr) {
    auto now = co_await service_.status(asker, *id);
    const auto* kept = first_answers_.find(*id);
    if (now && kept != nullptr && has_result(*now->entry, clock_.now())) {
      count_claim();
      co_return first_rows(*id, kept->body, kept->partitions);
    }
  }
  Wanted wanted{.id = *id,
                .partition = *partition,
                .to_submitter = false,
                .request_id = {},
                .accept_encoding = request.field("Accept-Encoding")};
  co_return co_await answer(std::move(asker), std::move(wanted));
}

async::Task<http::Response> Door::answer(Asker asker, Wanted wanted) {
  auto claimed = co_await service_.claim(std::move(asker), wanted.id);
  if (!claimed) {
    const bool is_unknown = claimed.error().code == Errc::not_found;
    co_return refuse(
        is_unknown ? snowflake::no_such_statement(wanted.id.to_string()) : snowflake::from_error(claimed.error()),
        wanted.id);
  }
  const journal::Entry& entry = *claimed->snapshot.entry;
  if (!journal::is_final(entry.state)) co_return in_progress(entry);
  if (entry.failure) co_return query_failed(entry, wanted.to_submitter);
  // Its warehouse still has it, and could not hand it over in time.
  const bool is_under_way = !claimed->reader && claimed->reader.error().code == Errc::unavailable;
  if (is_under_way && entry.result && entry.result->kept_by_warehouse) co_return in_progress(entry);
  if (!claimed->reader) {
    // What its warehouse still has, and cannot be taken over, has not expired: the words say why.
    const bool is_there =
        entry.result && entry.result->kept_by_warehouse && entry.result_gone == journal::ResultGone::no;
    const bool has_expired = claimed->reader.error().code == Errc::gone && !is_there;
    co_return refuse(
        has_expired ? snowflake::result_expired(wanted.id.to_string()) : snowflake::from_error(claimed->reader.error()),
        wanted.id);
  }
  if (wanted.partition != 0) co_return later_partition(*claimed, wanted);
  co_return co_await first_partition(*std::move(claimed), std::move(wanted));
}

async::Task<http::Response> Door::first_partition(query::Service::Claim claim, Wanted wanted) {
  const journal::Entry& entry = *claim.snapshot.entry;
  const ResultSetAsked asked{.id = wanted.id,
                             .form = form_of(entry.submission),
                             .type = snowflake::statement_type(entry.submission.statement.text),
                             .created_on = entry.started_at.value_or(entry.submitted_at),
                             .request_id = std::move(wanted.request_id)};
  const results::Reader& reader = **claim.reader;
  const bool is_script = entry.submission.form == journal::Form::script;
  auto make = [&reader, &asked, is_script] {
    return is_script ? script_result_set(reader, asked) : result_set(reader, asked);
  };
  auto body = co_await encoding_.run(std::move(make));
  if (!body) {
    snowflake::SnowflakeError error = snowflake::from_error(body.error());
    if (body.error().code == Errc::invalid_argument) {
      // A value that has no form here is the statement's affair, not the request's.
      error.code = "990001";
      error.sqlstate = "22000";
    } else {
      telemetry::error("result_not_encoded", {{"query_id", wanted.id.to_string()}, {"error", body.error().message}});
    }
    co_return refuse(error, wanted.id);
  }
  count_claim();
  const std::size_t partitions = is_script ? 1 : partitions_of(reader.manifest()).size();
  // The answer to a submitter has its request's id in it, which is nobody else's.
  if (!wanted.to_submitter && asked.request_id.empty())
    first_answers_.put(wanted.id, {.body = *body, .partitions = partitions});
  co_return first_rows(wanted.id, *std::move(body), partitions);
}

void Door::count_claim() {
  registry_.counter("coatcheck_claims_total", "Results claimed, by format.", {{"format", "snowflake_sql_api"}})
      .Increment();
}

http::Response Door::later_partition(const query::Service::Claim& claim, const Wanted& wanted) {
  const results::Manifest& manifest = (*claim.reader)->manifest();
  if (claim.snapshot.entry->submission.form == journal::Form::script)
    return refuse(no_such_partition(wanted.partition, 1));
  const std::vector<Partition> partitions = partitions_of(manifest);
  if (wanted.partition >= partitions.size()) return refuse(no_such_partition(wanted.partition, partitions.size()));
  auto encoder = make_partition_encoder(manifest.schema, form_of(claim.snapshot.entry->submission),
                                        std::string(partition_prefix), std::string(partition_suffix));
  if (!encoder) return refuse(snowflake::from_error(encoder.error()), wanted.id);

  const Partition& partition = partitions[wanted.partition];
  const claim::RowsAsked rows{
      .offset = partition.first, .limit = partition.rows, .coding = coding_for(wanted.accept_encoding)};
  http::Response response;
  response.fields = {{"Content-Type", "application/json"},
                     {"Cache-Control", "no-store"},
                     {"Vary", "Accept-Encoding"},
                     {"Link", link_value(wanted.id, wanted.partition, partitions.size())}};
  if (rows.coding == http::ContentCoding::gzip) response.fields.push_back({"Content-Encoding", "gzip"});
  telemetry::Counter& bytes = registry_.counter(
      "coatcheck_claim_bytes_total", "Bytes of result sent to clients, by format.", {{"format", "snowflake_sql_api"}});
  response.body = claim::rows_body(*claim.reader, *std::move(encoder), rows, encoding_, bytes);
  return response;
}

}  // namespace coatcheck::api::snowflake_sql_api
