#include "api/snowflake_driver/chunk_address.hpp"

#include <fmt/format.h>

#include <charconv>

namespace coatcheck::api::snowflake_driver {

namespace {

std::string_view format_text(RowFormat format) { return format == RowFormat::arrow ? "arrow" : "json"; }

std::string path_of(const ChunkAsked& chunk) {
  return fmt::format("/queries/{}/chunks/{}-{}", chunk.id.to_string(), chunk.first, chunk.count);
}

std::int64_t seconds_of(Timestamp time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// What is signed: all that the address says.
std::string signed_text(const ChunkAsked& chunk, std::int64_t expires) {
  return fmt::format("{}?format={}&expires={}", path_of(chunk), format_text(chunk.format), expires);
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [rest, trouble] = std::from_chars(text.data(), text.data() + text.size(), number);
  return trouble == std::errc{} && rest == text.data() + text.size();
}

}  // namespace

std::string ChunkAddresses::of(const ChunkAsked& chunk) const {
  const std::string text = signed_text(chunk, seconds_of(expires_));
  return origin_ + text + "&signature=" + signer_.signature(text);
}

Result<ChunkAsked> read_chunk_address(const http::Request& request, const snowflake::Signer& signer, Timestamp now) {
  const Error unknown{Errc::not_found, "there is no such chunk, or its address has expired"};
  const auto id = QueryId::parse(request.captures[0]);
  const std::string_view range = request.captures[1];
  const std::size_t dash = range.find('-');
  ChunkAsked chunk;
  if (!id || dash == range.npos || !read_number(range.substr(0, dash), chunk.first) ||
      !read_number(range.substr(dash + 1), chunk.count)) {
    return unknown;
  }
  chunk.id = *id;
  auto parameters = request.parameters();
  if (!parameters) return unknown;
  std::int64_t expires = 0;
  std::string signature;
  for (const auto& [name, value] : *parameters) {
    if (name == "format") chunk.format = value == "arrow" ? RowFormat::arrow : RowFormat::json;
    if (name == "expires" && !read_number(std::string_view(value), expires)) return unknown;
    if (name == "signature") signature = value;
  }
  if (!signer.verify(signed_text(chunk, expires), signature) || expires < seconds_of(now)) return unknown;
  return chunk;
}

std::string origin_of(const http::Request& request) {
  const bool is_https = request.over_tls || request.field("X-Forwarded-Proto") == "https";
  return (is_https ? "https://" : "http://") + request.field("Host");
}

}  // namespace coatcheck::api::snowflake_driver
