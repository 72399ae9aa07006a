#include "warehouse/trino/protocol.hpp"

#include <arrow/util/base64.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "warehouse/trino/errors.hpp"
#include "warehouse/trino/utf8.hpp"

namespace coatcheck::warehouse::trino {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Trino's documents ask for 50 to 100 ms; later ones are further apart.
constexpr auto first_pause = 100ms;
constexpr auto longest_pause = 2000ms;
// What a cancel may take before we say that it could not be confirmed.
constexpr auto cancel_for = 30s;

bool is_worth_another_try(int status) { return status == 502 || status == 503 || status == 504 || status == 429; }

// What a server said in words, if it is short and plain text.
std::string words_of(const upstream::Response& response) {
  const std::string_view body = response.body;
  const bool plain = response.header("content-type").value_or("").starts_with("text/plain");
  if (!plain || body.empty() || body.size() > 1'000 || !is_utf8(body)) return ".";
  return ": " + std::string(body);
}

Failure read_status(const upstream::Response& response) {
  const auto words = words_of(response);
  switch (response.status) {
    case 401: return unavailable("Trino does not accept the credentials of this warehouse (401)" + words, false);
    case 403: {
      auto failure = unavailable("Trino does not allow this (403)" + words, false);
      failure.category = FailureCategory::permission;
      failure.sqlstate = "42501";
      return failure;
    }
    case 404:
    case 410:
      return unavailable(
          fmt::format("Trino does not know the query anymore ({}): its coordinator has restarted, or nobody "
                      "had asked for the result for too long.",
                      response.status));
    default:
      return unavailable(fmt::format("Trino answers with status {}{}", response.status, words), response.status >= 500);
  }
}

Failure read_transport(const upstream::TransportError& error) {
  if (error.kind == upstream::TransportError::Kind::canceled) return canceled_failure();
  return upstream::unanswered(error, "Trino", "page_bytes_max");
}

// Splits "https://host:port/path" behind the port; nothing if it is not such a URL.
std::optional<std::pair<std::string_view, std::string_view>> split_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == url.npos || (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https")) return std::nullopt;
  const auto path = std::min(url.find('/', scheme + 3), url.size());
  if (path == scheme + 3) return std::nullopt;
  return std::pair{url.substr(0, path), url.substr(path)};
}

// Whether a path, which begins with a slash, is this folder or in it. A folder has no slash at the end.
bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
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

std::optional<Error> mistake(const TrinoOptions& options) {
  const auto wrong = [](std::string field, std::string message) {
    return Error{.code = Errc::invalid_argument, .message = std::move(message), .field = std::move(field)};
  };
  using Authentication = TrinoOptions::Authentication;
  const auto parts = split_url(options.url);
  if (!parts || !is_plain(options.url, "?#@\\"))
    return wrong("url", "must be http:// or https://, a host, and perhaps a path");
  const bool has_secret = options.authentication != Authentication::none;
  if (has_secret && !options.secret) return wrong("secret", "is needed for this authentication");
  if (has_secret && parts->first.starts_with("http:") && !is_this_machine(parts->first)) {
    return wrong("url", "must be https:// for credentials, or anybody on the way could read them");
  }
  if (options.user.empty() && options.authentication != Authentication::jwt) return wrong("user", "is needed");
  if (options.authentication == Authentication::basic && options.user.find(':') != options.user.npos) {
    return wrong("user", "must not hold a colon");
  }
  for (const auto& [name, value] : options.session_properties) {
    if (name.empty() || !is_plain(name, "=,")) return wrong("session_properties", "has a name that is none: " + name);
  }
  for (const auto& tag : options.client_tags) {
    if (tag.empty() || !is_plain(tag, ",")) return wrong("client_tags", "has a tag with a comma or white space");
  }
  if (options.decoding_threads < 1 || options.page_bytes_max == 0) {
    return wrong("decoding_threads", "decoding_threads and page_bytes_max must be at least 1");
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Protocol>> Protocol::create(TrinoOptions options) {
  while (options.url.ends_with('/')) options.url.pop_back();
  if (auto error = mistake(options)) return std::move(*error);
  return std::unique_ptr<Protocol>(new Protocol(std::move(options)));
}

Protocol::Protocol(TrinoOptions options)
    : options_(std::move(options)),
      client_({.ca_file = options_.ca_file,
               .connect_timeout = options_.connect_timeout,
               .request_timeout = options_.request_timeout}),
      pool_(static_cast<std::size_t>(options_.decoding_threads)) {}

std::vector<upstream::Header> Protocol::statement_headers(const Request& request) const {
  std::vector<upstream::Header> headers = {
      {"Content-Type", "text/plain; charset=utf-8"},
      {"X-Trino-Transaction-Id", "NONE"},
      {"X-Trino-Client-Capabilities", "PATH,PARAMETRIC_DATETIME"},
      {"X-Trino-Trace-Token", request.query.to_string()},
      {"X-Trino-Client-Info",
       fmt::format("query={} attempt={} principal={} tag={}", request.query.to_string(), request.attempt,
                   upstream::percent_encoded(request.principal), upstream::percent_encoded(request.query_tag))},
  };
  const auto add = [&headers](const char* name, const std::string& value) {
    if (!value.empty()) headers.push_back({name, value});
  };
  add("traceparent", request.traceparent);
  add("X-Trino-Source", options_.source);
  add("X-Trino-Catalog", options_.catalog);
  add("X-Trino-Schema", options_.schema);
  add("X-Trino-Time-Zone", options_.time_zone);
  add("X-Trino-Client-Tags", fmt::format("{}", fmt::join(options_.client_tags, ",")));
  std::string session;
  for (const auto& [name, value] : options_.session_properties) {
    session += (session.empty() ? "" : ",") + name + "=" + upstream::percent_encoded(value);
  }
  add("X-Trino-Session", session);
  if (options_.spooling) add("X-Trino-Query-Data-Encoding", "json+zstd, json+lz4, json");
  return headers;
}

// Trino names itself as it believes to be called, which is wrong behind some proxies. Only the path counts: and so no
// answer can make us send credentials elsewhere. If our URL has a path, a proxy takes it off, which Trino may have been
// told (X-Forwarded-Prefix) or not.
std::optional<std::string> Protocol::own_url(std::string_view uri) const {
  const auto parts = split_url(uri);
  if (!parts || parts->second.empty()) return std::nullopt;
  const auto [origin, below] = *split_url(options_.url);
  std::string path(parts->second);
  if (!is_below(path, below)) path.insert(0, below);
  return std::string(origin) + path;
}

Result<std::vector<upstream::Header>> Protocol::credentials() const {
  std::vector<upstream::Header> headers;
  if (!options_.user.empty()) headers.push_back({"X-Trino-User", options_.user});
  if (options_.authentication == TrinoOptions::Authentication::none) return headers;
  auto secret = options_.secret();
  if (!secret) return std::move(secret).error();
  if (options_.authentication == TrinoOptions::Authentication::basic) {
    headers.push_back({"Authorization", "Basic " + arrow::util::base64_encode(options_.user + ":" + *secret)});
  } else {
    headers.push_back({"Authorization", "Bearer " + *secret});
  }
  return headers;
}

async::Task<Outcome<upstream::Response>> Protocol::exchange(upstream::Request request, Credentials with, Stop stop,
                                                            bool* got_there) {
  request.response_bytes_max = options_.page_bytes_max;
  const auto patience = Clock::now() + options_.retry_for;
  const auto give_up = std::min(patience, request.deadline.value_or(patience));
  async::Timer pause(co_await async::asio::this_coro::executor);
  for (auto wait = first_pause;; wait = std::min(wait * 2, longest_pause)) {
    auto attempt = request;
    if (with == Credentials::with) {
      auto fields = credentials();
      if (!fields) co_return unavailable("The credentials of this warehouse cannot be read: " + fields.error().message);
      for (auto& field : *fields) attempt.headers.push_back(std::move(field));
      if (!options_.compression) attempt.headers.push_back({"Accept-Encoding", "identity"});
    }
    auto answer = co_await client_.send(std::move(attempt));
    if (got_there && (answer || answer.error().kind != upstream::TransportError::Kind::unreachable)) *got_there = true;
    if (answer && !is_worth_another_try(answer->status)) co_return std::move(*answer);
    if (!answer && !upstream::may_pass(answer.error())) co_return read_transport(answer.error());
    if (*stop || Clock::now() + wait >= give_up) {
      if (answer) co_return read_status(*answer);
      co_return read_transport(answer.error());
    }
    pause.expires_after(wait);
    co_await pause.async_wait(async::as_outcome);
  }
}

async::Task<Outcome<Page>> Protocol::read(Outcome<upstream::Response> response) {
  if (!response) co_return std::move(response).error();
  if (response->status != 200) co_return read_status(*response);
  auto work = [body = std::move(response->body)]() mutable { return read_page(std::move(body)); };
  co_return co_await pool_.run(std::move(work));
}

async::Task<Outcome<Page>> Protocol::submit(std::string text, Request request, Stop stop) {
  upstream::Request post{.method = "POST",
                         .url = options_.url + "/v1/statement",
                         .headers = statement_headers(request),
                         .body = std::move(text),
                         .repeatable = true};
  bool got_there = false;
  auto response = co_await exchange(std::move(post), Credentials::with, std::move(stop), &got_there);
  if (!response && !got_there && response.error().retryable) {
    Failure failure = std::move(response).error();
    failure.code = not_begun_code;
    co_return failure;
  }
  co_return co_await read(std::move(response));
}

async::Task<Outcome<Page>> Protocol::follow(std::string next_uri, Stop stop) {
  const auto url = own_url(next_uri);
  if (!url) co_return not_understood("a nextUri that is no URL");
  upstream::Request get{.url = *url};
  auto response = co_await exchange(std::move(get), Credentials::with, std::move(stop));
  co_return co_await read(std::move(response));
}

async::Task<Outcome<std::monostate>> Protocol::cancel(std::string next_uri) {
  const auto url = own_url(next_uri);
  if (!url) co_return not_understood("a nextUri that is no URL");
  upstream::Request request{.method = "DELETE", .url = *url, .deadline = Clock::now() + cancel_for};
  auto never = std::make_shared<const bool>(false);
  auto response = co_await exchange(std::move(request), Credentials::with, std::move(never));
  if (!response) co_return std::move(response).error();
  const int status = response->status;
  if (status / 100 != 2 && status != 404 && status != 410) co_return read_status(*response);
  co_return std::monostate{};
}

void Protocol::abandon(const std::string& next_uri) {
  auto url = own_url(next_uri);
  auto fields = credentials();
  if (!url || !fields) return;
  client_.send_and_forget({.method = "DELETE", .url = std::move(*url), .headers = std::move(*fields)});
}

namespace {

std::vector<upstream::Header> headers_of(const Segment& segment) {
  std::vector<upstream::Header> headers;
  for (const auto& [name, value] : segment.headers) headers.push_back({name, value});
  return headers;
}

}  // namespace

// Segments are read without our credentials: their URLs, which may lead to an object storage, are the permission.
async::Task<Outcome<std::string>> Protocol::fetch(Segment segment, std::string encoding, Stop stop) {
  std::string bytes;
  if (segment.spooled) {
    upstream::Request get{.url = segment.uri, .headers = headers_of(segment), .redirects_max = 3};
    auto response = co_await exchange(std::move(get), Credentials::without, std::move(stop));
    if (!response) co_return std::move(response).error();
    if (response->status != 200) {
      co_return unavailable(fmt::format("A part of the result cannot be read: Trino's storage answers with status {}.",
                                        response->status));
    }
    bytes = std::move(response->body);
  } else {
    auto inline_bytes = arrow::util::base64_decode(segment.data);
    if (!inline_bytes.ok()) co_return not_understood("a segment that is no base64");
    bytes = std::move(*inline_bytes);
  }
  auto work = [bytes = std::move(bytes), encoding = std::move(encoding), size = segment.uncompressed_bytes,
               most = options_.page_bytes_max]() mutable { return unpacked(std::move(bytes), encoding, size, most); };
  co_return co_await pool_.run(std::move(work));
}

void Protocol::acknowledge(const Segment& segment) {
  if (!segment.spooled || segment.ack_uri.empty()) return;
  client_.send_and_forget({.url = segment.ack_uri, .headers = headers_of(segment)});
}

}  // namespace coatcheck::warehouse::trino
