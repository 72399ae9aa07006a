#include "client/url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace coatcheck::client {

namespace {

constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

std::string_view without_scheme(std::string_view server) {
  const std::size_t at = server.find("://");
  return at == std::string_view::npos ? server : server.substr(at + 3);
}

}  // namespace

Outcome<std::string> checked_server(std::string_view address) {
  const auto wrong = [&](std::string_view why) {
    return Trouble{ExitCode::usage, fmt::format("the server's address \"{}\" {}", address, why),
                   "give it like this: --server http://127.0.0.1:8420"};
  };
  if (!address.starts_with("http://") && !address.starts_with("https://")) {
    return wrong("has to begin with http:// or https://");
  }
  const bool plain = std::all_of(address.begin(), address.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!plain || address.find_first_of("?#") != std::string_view::npos)
    return wrong("has more than host, port and path");
  const std::string_view host = without_scheme(address).substr(0, without_scheme(address).find('/'));
  if (host.empty() || host.front() == ':') return wrong("names no host");
  if (host.find('@') != std::string_view::npos)
    return wrong("must not have a password in it: keys come in COATCHECK_KEY");
  std::string server(address);
  while (server.back() == '/') server.pop_back();
  return server;
}

bool is_loopback(std::string_view server) {
  const std::string_view rest = without_scheme(server);
  const std::string_view host = rest.substr(0, rest.find('/'));
  return host.starts_with("127.") || host == "localhost" || host.starts_with("localhost:") || host.starts_with("[::1]");
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (unreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string query_path(std::string_view id, std::string_view rest) {
  return "/v1/queries/" + percent_encoded(id) + std::string(rest);
}

std::string with_parameters(std::string path, const std::vector<std::pair<std::string, std::string>>& parameters) {
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    path += separator;
    path += name + '=' + percent_encoded(value);
    separator = '&';
  }
  return path;
}

}  // namespace coatcheck::client
