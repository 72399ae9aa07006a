#include "client/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/terminal.hpp"
#include "client/url.hpp"

namespace coatcheck::client {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kept_bytes_max = std::size_t{64} << 20;
constexpr int tick_ms = 100;
constexpr long connect_timeout_ms = 10'000;

// One request under way.
struct Transfer {
  HttpResponse response;
  const HttpClient::Sink* sink = nullptr;
  std::optional<Trouble> trouble;  // Why we ended it ourselves.
  SteadyTime last_byte;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::size_t take_field(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.last_byte = std::chrono::steady_clock::now();
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {
    transfer.response.fields.clear();  // Of an interim answer, or of a proxy's.
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  transfer.response.fields[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  return size;
}

struct TakeBody {
  CURL* easy;
  Transfer* transfer;
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  const auto& take = *static_cast<TakeBody*>(user);
  Transfer& transfer = *take.transfer;
  long status = 0;
  curl_easy_getinfo(take.easy, CURLINFO_RESPONSE_CODE, &status);
  const bool sinks = status == 200 && *transfer.sink;
  if (sinks) {
    if (auto taken = (*transfer.sink)({data, size}); !taken) transfer.trouble = std::move(taken).error();
  } else if (transfer.response.body.size() + size > kept_bytes_max) {
    transfer.trouble = Trouble{ExitCode::unavailable, "the server's answer is too long"};
  } else {
    transfer.response.body.append(data, size);
  }
  transfer.last_byte = std::chrono::steady_clock::now();
  return transfer.trouble ? 0 : size;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using FieldList = std::unique_ptr<curl_slist, FreeList>;

void add_field(FieldList& list, const std::string& field) {
  curl_slist* longer = curl_slist_append(list.get(), field.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());  // The longer one has it.
  list.reset(longer);
}

Trouble unreachable(const std::string& server, std::string_view words) {
  std::string message = fmt::format("no server at {}: {}", server, words);
  std::string hint =
      is_loopback(server)
          ? "is it running? start it with: coatcheck serve\nanother one is named with --server URL or COATCHECK_SERVER"
          : "is --server (or COATCHECK_SERVER) the right address?";
  return {ExitCode::unavailable, std::move(message), std::move(hint), Trouble::Again::unreached};
}

}  // namespace

std::string HttpResponse::field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

struct HttpClient::Curl {
  std::string server;
  std::string key;
  TlsAccess tls;
  CURLM* multi = nullptr;
  CURL* easy = nullptr;

  Curl(std::string address, std::string secret, TlsAccess access)
      : server(std::move(address)), key(std::move(secret)), tls(std::move(access)) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    easy = curl_easy_init();
    if (multi == nullptr || easy == nullptr) throw std::bad_alloc();
  }
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
  ~Curl() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }

  FieldList prepare(const HttpRequest& request, const std::string& url);
  void prepare_tls();
  CURLcode drive(Transfer& transfer, const HttpRequest& request, const Tick& tick);
  Trouble trouble_of(CURLcode code, const char* words) const;
};

void HttpClient::Curl::prepare_tls() {
  if (!tls.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
  if (tls.certificate_file.empty()) return;
  curl_easy_setopt(easy, CURLOPT_SSLCERT, tls.certificate_file.c_str());
  const std::string& key_file = tls.certificate_key_file.empty() ? tls.certificate_file : tls.certificate_key_file;
  curl_easy_setopt(easy, CURLOPT_SSLKEY, key_file.c_str());
}

// Lays out the request. What it returns must live as long as the transfer.
FieldList HttpClient::Curl::prepare(const HttpRequest& request, const std::string& url) {
  curl_easy_reset(easy);  // Keeps the connection.
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  prepare_tls();
  if (is_loopback(server)) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  } else {
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");  // All that libcurl can read.
  }

  FieldList fields;
  add_field(fields, "User-Agent: coatcheck");
  if (!key.empty()) add_field(fields, "Authorization: Bearer " + key);
  for (const std::string& field : request.fields) add_field(fields, field);
  if (request.method != "GET") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "POST") {
    // Neither waiting for "100 Continue" nor a body without a length.
    add_field(fields, "Expect:");
    add_field(fields, request.body ? "Content-Type: application/json" : "Content-Type:");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body ? request.body->c_str() : "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body ? request.body->size() : 0));
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields.get());
  return fields;
}

CURLcode HttpClient::Curl::drive(Transfer& transfer, const HttpRequest& request, const Tick& tick) {
  for (;;) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    if (is_interrupted()) {
      transfer.trouble = Trouble{ExitCode::interrupted, "interrupted"};
    } else if (tick && !tick()) {
      transfer.trouble = Trouble{ExitCode::not_ended, "the time to wait is over"};
    } else if (std::chrono::steady_clock::now() - transfer.last_byte > request.silence_max) {
      return CURLE_OPERATION_TIMEDOUT;
    }
    if (transfer.trouble) return CURLE_ABORTED_BY_CALLBACK;
    curl_multi_poll(multi, nullptr, 0, tick_ms, nullptr);
  }
}

Trouble HttpClient::Curl::trouble_of(CURLcode code, const char* words) const {
  const std::string_view said = *words != '\0' ? words : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_CONNECT: return unreachable(server, "nothing listens there");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR: return unreachable(server, said);
    case CURLE_PEER_FAILED_VERIFICATION:
      return {ExitCode::unavailable, fmt::format("the certificate of {} is not to be trusted: {}", server, said),
              "name the file with its authority's certificate: --ca-file FILE, or COATCHECK_CA_FILE"};
    case CURLE_SSL_CACERT_BADFILE:
      return {ExitCode::usage, fmt::format("the file {} cannot be used: {}", tls.ca_file, said)};
    case CURLE_SSL_CERTPROBLEM:
      return {ExitCode::usage, fmt::format("the certificate {} cannot be used: {}", tls.certificate_file, said)};
    case CURLE_URL_MALFORMAT: return {ExitCode::usage, fmt::format("\"{}\" is not an address", server)};
    case CURLE_OPERATION_TIMEDOUT:
      return {ExitCode::unavailable, fmt::format("no answer from {}", server), "", Trouble::Again::unclear};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return {ExitCode::unavailable, fmt::format("what listens at {} does not speak HTTP", server),
              "is --server (or COATCHECK_SERVER) the right address?"};
    default:
      return {ExitCode::unavailable, fmt::format("the connection to {} broke: {}", server, said), "",
              Trouble::Again::unclear};
  }
}

HttpClient::HttpClient(std::string server, std::string key, TlsAccess tls)
    : curl_(std::make_unique<Curl>(std::move(server), std::move(key), std::move(tls))) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

const std::string& HttpClient::server() const { return curl_->server; }

Outcome<HttpResponse> HttpClient::send(const HttpRequest& request, const Sink& sink, const Tick& tick) {
  const std::string url = curl_->server + request.target;
  const FieldList fields = curl_->prepare(request, url);
  CURL* easy = curl_->easy;

  Transfer transfer;
  transfer.sink = &sink;
  transfer.last_byte = std::chrono::steady_clock::now();
  TakeBody take{easy, &transfer};
  char words[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_field);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &take);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words);

  if (curl_multi_add_handle(curl_->multi, easy) != CURLM_OK) throw std::bad_alloc();
  const CURLcode code = curl_->drive(transfer, request, tick);
  curl_multi_remove_handle(curl_->multi, easy);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);

  if (transfer.trouble) return *std::move(transfer.trouble);
  if (code != CURLE_OK) return curl_->trouble_of(code, words);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

}  // namespace coatcheck::client
