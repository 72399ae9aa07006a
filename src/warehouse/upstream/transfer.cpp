#include "warehouse/upstream/transfer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace coatcheck::warehouse::upstream {

namespace {

constexpr std::size_t header_bytes_max = 256 * 1024;

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// Returns the status of a status line, or 0.
int status_of(std::string_view line) {
  const auto space = line.find(' ');
  int status = 0;
  if (space != line.npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  return status;
}

std::chrono::milliseconds until(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(1));  // libcurl takes 0 for "no limit".
}

TransportError::Kind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return TransportError::Kind::invalid;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY: return TransportError::Kind::unreachable;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return TransportError::Kind::untrusted;
    case CURLE_OPERATION_TIMEDOUT: return TransportError::Kind::timeout;
    default: return TransportError::Kind::broken;  // libcurl has a hundred codes.
  }
}

bool is_repeatable(const Request& request) {
  constexpr std::string_view methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return request.repeatable.value_or(std::ranges::find(methods, request.method) != std::end(methods));
}

// The hosts that no proxy is asked for: this machine, to which credentials may go in the clear, and those of the
// environment, which libcurl does not read once it is told some.
std::string hosts_without_proxy() {
  const char* told = std::getenv("no_proxy");
  if (told == nullptr) told = std::getenv("NO_PROXY");
  const std::string others = told != nullptr ? told : "";
  if (others == "*") return others;  // libcurl knows it only if it stands alone.
  return "localhost,127.0.0.0/8,::1,[::1]," + others;
}

}  // namespace

Transfer::Transfer(std::uint64_t id, Request request, const ClientOptions& options, Done done)
    : id_(id), request_(std::move(request)), done_(std::move(done)), easy_(curl_easy_init()) {
  if (easy_ != nullptr) set_up(options);
}

std::optional<TransportError> Transfer::refusal() const {
  using Kind = TransportError::Kind;
  if (easy_ == nullptr) return TransportError{.kind = Kind::invalid, .message = "libcurl has no memory"};
  if (!is_one_line(request_.url) || !is_one_line(request_.method)) {
    return TransportError{.kind = Kind::invalid, .message = "a line break in the URL or method"};
  }
  for (const auto& header : request_.headers) {
    if (header.name.empty() || header.name.find(':') != header.name.npos || !is_one_line(header.name) ||
        !is_one_line(header.value)) {
      return TransportError{.kind = Kind::invalid, .message = "a header that would not stay one line"};
    }
  }
  if (request_.deadline && *request_.deadline <= std::chrono::steady_clock::now()) {
    return TransportError{.kind = Kind::unreachable, .message = "the time was over before the request was sent"};
  }
  return std::nullopt;
}

void Transfer::set_up(const ClientOptions& options) {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, request_.url.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, zstd");
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words_.data());
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  const auto deadline = request_.deadline.value_or(std::chrono::steady_clock::now() + options.request_timeout);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(until(deadline).count()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_NOPROXY, hosts_without_proxy().c_str());
  // libcurl sends a request again, of whatever method, if the connection breaks that it had kept from another one.
  const bool repeatable = is_repeatable(request_);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, repeatable ? 0L : 1L);
  // It would not heed that after a redirect.
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, repeatable && request_.redirects_max > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(request_.redirects_max));

  if (request_.method == "POST" || !request_.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
  }
  if (request_.method != "GET" && request_.method != "POST") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  // Without these two libcurl invents fields of its own.
  std::vector<std::string> lines = {"Expect:"};
  if (std::ranges::none_of(request_.headers, [](const Header& h) { return lower(h.name) == "content-type"; })) {
    lines.emplace_back("Content-Type:");
  }
  for (const auto& [name, value] : request_.headers) lines.push_back(value.empty() ? name + ";" : name + ": " + value);
  for (const auto& line : lines) {
    if (auto* longer = curl_slist_append(headers_.get(), line.c_str()); longer != nullptr) {
      (void)headers_.release();
      headers_.reset(longer);
    }
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
}

std::size_t Transfer::take_body(char* data, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  auto& body = transfer.response_.body;
  if (size > transfer.request_.response_bytes_max - body.size()) {
    transfer.too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  body.append(data, size);
  return size;
}

std::size_t Transfer::take_header(char* data, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.header_bytes_ += size;
  if (transfer.header_bytes_ > header_bytes_max) {
    transfer.too_large_ = true;
    return CURL_WRITEFUNC_ERROR;
  }
  const auto line = trimmed({data, size});
  if (line.starts_with("HTTP/")) {
    transfer.response_ = {.status = status_of(line)};  // Of a redirect or a 100 before, nothing is kept.
    return size;
  }
  if (const auto colon = line.find(':'); colon != line.npos) {
    transfer.response_.headers.push_back({lower(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
  }
  return size;
}

TransportError Transfer::error(CURLcode code) const {
  std::string words = words_.front() != '\0' ? words_.data() : curl_easy_strerror(code);
  if (too_large_) return {TransportError::Kind::too_large, "the answer is larger than allowed", true};
  auto kind = kind_of(code);
  curl_off_t ready = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &ready);
  if (kind == TransportError::Kind::timeout && ready == 0) kind = TransportError::Kind::unreachable;
  // Of all requests of the exchange. What a proxy was told counts too, which errs on the safe side.
  long sent_bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &sent_bytes);
  return {kind, std::move(words), sent_bytes > 0};
}

void Transfer::finish(CURLcode code) {
  if (code != CURLE_OK) return fail(error(code));
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (done_) done_(std::move(response_));
}

void Transfer::fail(TransportError error) {
  if (done_) done_(std::move(error));
}

}  // namespace coatcheck::warehouse::upstream
