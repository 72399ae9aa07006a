#include "warehouse/snowflake/options.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace coatcheck::warehouse::snowflake {

namespace {

using namespace std::chrono_literals;

// The most that poll_max may be: a result is found while Snowflake still keeps it.
constexpr auto poll_longest = std::chrono::hours(1);

// "https://host:port" of a URL; empty if it is none.
std::string_view origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == url.npos || (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https")) return {};
  const auto path = std::min(url.find('/', scheme + 3), url.size());
  return path == scheme + 3 ? std::string_view() : url.substr(0, path);
}

bool is_this_machine(std::string_view origin) {
  for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (origin.starts_with(host) && (origin.size() == host.size() || origin[host.size()] == ':')) return true;
  }
  return false;
}

bool is_plain(std::string_view text, std::string_view but_not) {
  return std::ranges::all_of(text, [&](char c) { return c > ' ' && c < 0x7F && but_not.find(c) == but_not.npos; });
}

bool is_name(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Error wrong(std::string field, std::string message) {
  return {.code = Errc::invalid_argument, .message = std::move(message), .field = std::move(field)};
}

std::optional<Error> mistake_in_credentials(const SnowflakeOptions& options, std::string_view origin) {
  using Authentication = SnowflakeOptions::Authentication;
  if (options.authentication == Authentication::none) return std::nullopt;
  if (!options.secret) return wrong("secret", "is needed for this authentication");
  if (origin.starts_with("http:") && !is_this_machine(origin)) {
    return wrong("url", "must be https:// for credentials, or anybody on the way could read them");
  }
  if (options.authentication != Authentication::key_pair) return std::nullopt;
  if (options.account.empty() || !is_plain(options.account, "\"\\/")) {
    return wrong("account", "is needed for a key pair: MYORG-MYACCOUNT");
  }
  if (options.user.empty() || !is_name(options.user)) return wrong("user", "is needed for a key pair");
  return std::nullopt;
}

}  // namespace

std::optional<Error> mistake(const SnowflakeOptions& options) {
  const auto origin = origin_of(options.url);
  if (origin.empty() || !is_plain(options.url, "?#@\\")) {
    return wrong("url", "must be https:// or http://, a host, and perhaps a path");
  }
  if (auto error = mistake_in_credentials(options, origin)) return error;
  for (const auto* name : {&options.role, &options.warehouse, &options.database, &options.schema}) {
    if (!is_name(*name)) return wrong("role", "role, warehouse, database and schema must not hold control characters");
  }
  if (options.poll_min < 10ms || options.poll_max < options.poll_min || options.poll_max > poll_longest) {
    return wrong("poll_min", "must be at least 10ms and at most poll_max, which is at most 1h");
  }
  if (options.connect_timeout <= 0ms || options.request_timeout <= 0ms || options.retry_for < 0ms ||
      options.result_kept_for < 0ms) {
    return wrong("request_timeout", "times must be above zero");
  }
  if (options.partitions_ahead_max < 1 || options.decoding_threads < 1 || options.partition_bytes_max == 0) {
    return wrong("partitions_ahead_max",
                 "partitions_ahead_max, decoding_threads and partition_bytes_max must be at least 1");
  }
  return std::nullopt;
}

}  // namespace coatcheck::warehouse::snowflake
