#include "http/testing/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "http/field_text.hpp"

namespace coatcheck::http::testing {

std::string RawResponse::field(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(line.size() + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !equal_without_case(line.substr(0, colon), name)) continue;
    return std::string(trim(line.substr(colon + 1)));
  }
  return {};
}

RawClient::RawClient(std::uint16_t port, int receive_buffer_bytes) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval limit{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (receive_buffer_bytes != 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

RawClient::~RawClient() { close(); }

void RawClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

ssize_t RawClient::take_some(void* into, std::size_t bytes) { return ::recv(socket_, into, bytes, 0); }
ssize_t RawClient::give_some(const void* from, std::size_t bytes) { return ::send(socket_, from, bytes, MSG_NOSIGNAL); }

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = give_some(bytes.data(), bytes.size());
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::send_in_the_clear(std::string_view bytes) {
  [[maybe_unused]] const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void RawClient::finish() { ::shutdown(socket_, SHUT_WR); }

bool RawClient::fill() {
  static thread_local std::array<char, 256 * 1024> piece;
  errno = 0;
  const ssize_t got = take_some(piece.data(), piece.size());
  if (got > 0) {
    unread_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
  }
  ended_ = got == 0 || errno == ECONNRESET;
  return false;
}

std::string RawClient::take(std::size_t bytes) {
  while (unread_.size() < bytes && fill()) {
  }
  std::string taken = unread_.substr(0, bytes);
  unread_.erase(0, bytes);
  return taken;
}

std::string RawClient::take_line() {
  for (;;) {
    const auto end = unread_.find("\r\n");
    if (end != std::string::npos) return take(end + 2);
    if (!fill()) return {};
  }
}

RawResponse RawClient::receive(bool head_only) {
  RawResponse response;
  do {
    const std::string line = take_line();
    if (line.empty()) return response;
    response.head += line;
  } while (!response.head.ends_with("\r\n\r\n"));
  response.status = std::atoi(response.head.c_str() + 9);
  if (head_only || response.status < 200 || response.status == 204 || response.status == 304) {
    response.complete = true;
  } else if (const std::string length = response.field("Content-Length"); !length.empty()) {
    const auto bytes = static_cast<std::size_t>(std::strtoull(length.c_str(), nullptr, 10));
    response.body = take(bytes);
    response.complete = response.body.size() == bytes;
  } else if (response.field("Transfer-Encoding") == "chunked") {
    for (;;) {
      const std::string line = take_line();
      if (line.empty()) return response;
      const auto bytes = static_cast<std::size_t>(std::strtoull(line.c_str(), nullptr, 16));
      response.body += take(bytes);
      if (take(2) != "\r\n") return response;
      if (bytes == 0) break;
    }
    response.complete = true;
  } else {
    while (fill()) {
    }
    response.body = take(unread_.size());
    response.complete = ended_ && errno != ECONNRESET;
  }
  return response;
}

bool RawClient::skip(std::size_t bytes) {
  std::string piece(bytes, '\0');
  return take_some(piece.data(), piece.size()) > 0;
}

bool RawClient::ends() {
  while (fill()) {
  }
  return ended_;
}

}  // namespace coatcheck::http::testing
