#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coatcheck::http::testing {

// A response as it came.
struct RawResponse {
  int status = 0;         // 0: the connection ended before a whole head had come.
  std::string head;       // With its empty line.
  std::string body;       // Decoded, if chunked.
  bool complete = false;  // The body came to its proper end.

  // The value of a field, compared without case; empty if absent.
  std::string field(std::string_view name) const;
};

// One connection that sends exactly the bytes it is told to. Blocking; gives up after 30 s of silence, so that a
// server that hangs fails the test.
class RawClient {
 public:
  // `receive_buffer_bytes`: what the kernel holds for a client that does not read; 0 leaves it alone.
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  virtual ~RawClient();

  bool connected() const { return connected_; }
  void send(std::string_view bytes);
  // Past whatever a subclass does to the bytes.
  void send_in_the_clear(std::string_view bytes);
  // Sends no more, and goes on reading.
  void finish();
  void close();

  RawResponse receive(bool head_only = false);
  RawResponse ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }
  // Reads at most so many bytes and forgets them; false if the connection has ended.
  bool skip(std::size_t bytes);
  // Reads to the end of the connection; true if it ended rather than hung.
  bool ends();

 protected:
  // As recv(2) and send(2).
  virtual ssize_t take_some(void* into, std::size_t bytes);
  virtual ssize_t give_some(const void* from, std::size_t bytes);
  int socket() const { return socket_; }

 private:
  bool fill();
  std::string take(std::size_t bytes);
  std::string take_line();

  int socket_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  std::string unread_;
};

}  // namespace coatcheck::http::testing
