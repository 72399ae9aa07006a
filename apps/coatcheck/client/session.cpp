#include "client/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <thread>

#include "client/problem.hpp"
#include "client/terminal.hpp"
#include "client/url.hpp"

namespace coatcheck::client {

namespace {

constexpr int tries_max = 6;
constexpr std::streamsize key_bytes_max = 4096;

Outcome<std::string> read_key(const std::string& key_file) {
  std::string key;
  if (!key_file.empty()) {
    std::ifstream file(key_file);
    key.resize(key_bytes_max);
    file.read(key.data(), key_bytes_max);
    if (!file && file.gcount() == 0) {
      return Trouble{ExitCode::usage, fmt::format("the key file {} cannot be read: {}", key_file,
                                                  std::generic_category().message(errno))};
    }
    key.resize(static_cast<std::size_t>(file.gcount()));
  } else if (const char* value = std::getenv("COATCHECK_KEY")) {
    key = value;
  }
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' ')) key.pop_back();
  const bool plain = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain) {
    return Trouble{ExitCode::usage,
                   fmt::format("{} does not hold one API key", key_file.empty() ? "COATCHECK_KEY" : key_file)};
  }
  return key;
}

}  // namespace

Outcome<HttpClient> open_session(const Access& access) {
  auto server = checked_server(access.server);
  if (!server) return std::move(server).error();
  auto key = read_key(access.key_file);
  if (!key) return std::move(key).error();
  catch_interrupts();
  return HttpClient(*std::move(server), *std::move(key), access.tls);
}

Outcome<HttpResponse> ask(HttpClient& http, const HttpRequest& request, std::string_view id) {
  auto response = http.send(request);
  if (!response) return response;
  const int status = response->status;
  if (status == 200 || status == 201 || status == 202 || status == 204) return response;
  return trouble_of(*response, id);
}

Outcome<HttpResponse> ask_patiently(HttpClient& http, const HttpRequest& request, std::string_view id) {
  for (int attempt = 1;; ++attempt) {
    auto response = http.send(request);
    const bool again = response ? is_passing(*response) : response.error().again == Trouble::Again::unclear;
    if (!again || attempt == tries_max) {
      if (!response || response->status < 300) return response;
      return trouble_of(*response, id);
    }
    const auto wait = response ? retry_after(*response) : std::chrono::milliseconds(250 * attempt);
    if (!pause(wait)) return Trouble{ExitCode::interrupted, "interrupted"};
  }
}

Outcome<QueryView> fetch_query(HttpClient& http, std::string_view id) {
  auto response = ask(http, {.target = query_path(id)}, id);
  if (!response) return std::move(response).error();
  return parse_query(response->body);
}

bool pause(std::chrono::milliseconds duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (!is_interrupted() && std::chrono::steady_clock::now() < end) {
    // In steps: a signal that is caught just before one sleep would only be seen after it, and one that another
    // thread takes (of the name resolver) interrupts nobody's sleep.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return !is_interrupted();
}

}  // namespace coatcheck::client
