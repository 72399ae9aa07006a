#include "http/tls_channel.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

namespace coatcheck::http {

namespace {

constexpr std::size_t record_bytes = 16 * 1024;

// What OpenSSL may read in one call of ours: four records.
constexpr std::size_t call_bytes = 4 * record_bytes;

long wire_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

// Where a record is put together. It is encrypted before the call returns, so one is enough for all connections.
std::array<char, record_bytes>& workbench() {
  static thread_local std::array<char, record_bytes> bytes;
  return bytes;
}

}  // namespace

TlsChannel::Wire& TlsChannel::wire_of(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

// OpenSSL's own way to a socket would raise SIGPIPE, and would go on with the descriptor's number when the descriptor
// has become another connection's.
int TlsChannel::read_wire(BIO* bio, char* into, int bytes) {
  BIO_clear_retry_flags(bio);
  Wire& wire = wire_of(bio);
  const std::size_t most = std::min(static_cast<std::size_t>(bytes), wire.left);
  if (most == 0) {
    // As if no more had come. Whoever then waits for the socket is woken at once, after the others.
    BIO_set_retry_read(bio);
    return -1;
  }
  const ssize_t got = ::recv(wire.socket.native_handle(), into, most, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (got > 0) wire.left -= static_cast<std::size_t>(got);
  return static_cast<int>(got);
}

int TlsChannel::write_wire(BIO* bio, const char* from, int bytes) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent =
      ::send(wire_of(bio).socket.native_handle(), from, static_cast<std::size_t>(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

BIO* TlsChannel::make_bio(Wire& wire) {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection");
    const bool good = made != nullptr && BIO_meth_set_read(made, read_wire) == 1 &&
                      BIO_meth_set_write(made, write_wire) == 1 && BIO_meth_set_ctrl(made, wire_control) == 1;
    if (!good) throw std::bad_alloc();
    return made;
  }();
  BIO* bio = BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

void TlsChannel::begin_call() {
  ERR_clear_error();
  wire_.left = call_bytes;
}

void TlsChannel::Free::operator()(SSL* connection) const { SSL_free(connection); }

TlsChannel::TlsChannel(SSL* connection, Socket& socket) : wire_{.socket = socket}, ssl_(connection) {
  BIO* bio = make_bio(wire_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

TlsChannel::~TlsChannel() = default;

TlsChannel::Shaken TlsChannel::shake_hands() {
  begin_call();
  errno = 0;
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) return Shaken::yes;
  const int error = SSL_get_error(ssl_.get(), returned);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Shaken::not_yet;
  broken_ = true;
  const auto reason = ERR_peek_error();
  is_plain_http_ = ERR_GET_LIB(reason) == ERR_LIB_SSL && ERR_GET_REASON(reason) == SSL_R_HTTP_REQUEST;
  const char* words = ERR_reason_error_string(reason);
  why_never_ = words != nullptr ? words : "the client has left";
  ERR_clear_error();
  return Shaken::never;
}

Socket::wait_type TlsChannel::awaits() const {
  return SSL_want_write(ssl_.get()) ? Socket::wait_write : Socket::wait_read;
}

ssize_t TlsChannel::outcome(int returned) {
  if (returned > 0) return returned;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
    default: break;
  }
  // An end without the client's word that it is one: somebody may have cut it off.
  broken_ = true;
  ERR_clear_error();
  errno = ECONNRESET;
  return -1;
}

ssize_t TlsChannel::read(void* into, std::size_t bytes) {
  begin_call();
  return outcome(SSL_read(ssl_.get(), into, static_cast<int>(std::min(bytes, record_bytes))));
}

ssize_t TlsChannel::peek() {
  begin_call();
  char byte = 0;
  return outcome(SSL_peek(ssl_.get(), &byte, 1));
}

ssize_t TlsChannel::write(std::span<const iovec> parts) {
  // What is written again must be what was to be written before: this goes by the parts alone.
  auto& record = workbench();
  std::size_t held = 0;
  for (const iovec& part : parts) {
    const std::size_t taken = std::min(part.iov_len, record.size() - held);
    if (taken != 0) std::memcpy(&record[held], part.iov_base, taken);
    held += taken;
  }
  if (held == 0) return 0;
  return write_record(held);
}

ssize_t TlsChannel::write_record(std::size_t bytes) {
  begin_call();
  const ssize_t sent = outcome(SSL_write(ssl_.get(), workbench().data(), static_cast<int>(bytes)));
  // Nothing but half a message of the handshake makes it want to read first, which no honest client sends now: whoever
  // waits to write would be woken for it again and again.
  const bool is_stuck = sent < 0 && errno == EAGAIN && SSL_want_read(ssl_.get());
  if (sent != 0 && !is_stuck) return sent;
  broken_ = true;
  errno = ECONNRESET;
  return -1;
}

ssize_t TlsChannel::send_file(int descriptor, off_t& offset, std::size_t bytes) {
  auto& record = workbench();
  const ssize_t got = ::pread(descriptor, record.data(), std::min(bytes, record.size()), offset);
  if (got <= 0) return got;
  const ssize_t sent = write_record(static_cast<std::size_t>(got));
  if (sent > 0) offset += sent;
  return sent;
}

void TlsChannel::end() {
  const bool said = (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
  if (broken_ || said || SSL_is_init_finished(ssl_.get()) == 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace coatcheck::http
