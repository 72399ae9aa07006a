#pragma once

#include <openssl/types.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "http/socket.hpp"

namespace coatcheck::http {

// TLS on one connection, for the server's side. Its calls are those of a socket that does not block: they return the
// number of bytes, 0 where the other end has said that no more comes, or -1 and errno; EAGAIN: to be called again with
// the same bytes when the socket is ready as awaits() says; anything else is the end. Loop thread only.
//
// Nothing is buffered here beyond one record: what write() has counted is the kernel's.
class TlsChannel {
 public:
  enum class Shaken { yes, not_yet, never };

  // Takes `connection` (Certificates::new_connection()). The socket must not block, and must outlive this; after it was
  // closed every call fails.
  TlsChannel(SSL* connection, Socket& socket);
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;
  ~TlsChannel();

  // Goes on with the handshake; nothing else may be called before it has succeeded, but for end().
  Shaken shake_hands();
  // Why there never will be one, in OpenSSL's words.
  const std::string& why_never() const { return why_never_; }
  // It failed since the client speaks HTTP without TLS, as far as OpenSSL can tell: it knows GET, HEAD, POST and PUT.
  bool is_plain_http() const { return is_plain_http_; }

  Socket::wait_type awaits() const;

  ssize_t read(void* into, std::size_t bytes);
  // Whether there are bytes to read: 1, else as read().
  ssize_t peek();
  // One record of what the parts hold, one after the other.
  ssize_t write(std::span<const iovec> parts);
  // One record of a file's bytes; moves `offset`, as sendfile(2).
  ssize_t send_file(int descriptor, off_t& offset, std::size_t bytes);

  // Says to the client that no more comes (close_notify), if the socket takes it at once and nothing has gone wrong.
  void end();

 private:
  struct Free {
    void operator()(SSL* connection) const;
  };

  // What OpenSSL reads and writes through. In one call it gets only so many bytes: it goes on by itself after messages
  // that carry nothing for us, and a client that sends nothing else would hold the loop.
  struct Wire {
    Socket& socket;
    std::size_t left = 0;
  };

  static Wire& wire_of(BIO* bio);
  static int read_wire(BIO* bio, char* into, int bytes);
  static int write_wire(BIO* bio, const char* from, int bytes);
  static BIO* make_bio(Wire& wire);
  void begin_call();
  ssize_t outcome(int returned);
  ssize_t write_record(std::size_t bytes);

  Wire wire_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string why_never_;
  bool is_plain_http_ = false;
  bool broken_ = false;
};

}  // namespace coatcheck::http
