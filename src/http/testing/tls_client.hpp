#pragma once

#include <openssl/ssl.h>

#include <optional>
#include <string>
#include <string_view>

#include "http/testing/authority.hpp"
#include "http/testing/raw_client.hpp"

namespace coatcheck::http::testing {

struct TlsOptions {
  std::optional<Identity> identity = {};  // The client's own.
  std::string_view protocols = {};        // By ALPN, as on the wire: "\x08http/1.1".
  int version_max = 0;                    // TLS1_2_VERSION, …; 0: the newest.
  const char* ciphers = nullptr;          // Of TLS 1.2 and before, weak ones too.
  SSL_SESSION* resume = nullptr;          // Of an earlier client.
  int receive_buffer_bytes = 0;           // As RawClient.
};

// A RawClient that speaks TLS and trusts one authority.
class TlsClient : public RawClient {
 public:
  TlsClient(std::uint16_t port, const Authority& authority, const TlsOptions& options = {});
  ~TlsClient() override;

  // Whether the handshake succeeded as far as the client can tell: with TLS 1.3 a server that refuses the client's
  // certificate says so only after it.
  bool is_secure() const { return is_secure_; }
  // OpenSSL's words for what went wrong first; empty if nothing did.
  const std::string& trouble() const { return trouble_; }
  // The server has said that no more comes (close_notify).
  bool was_told_of_end() const;
  // The name in the server's certificate.
  std::string server_name() const;
  std::string protocol() const;
  std::string version() const;
  bool is_resumed() const;
  SSL* ssl() { return ssl_; }
  // Says that no more comes, and goes on reading.
  void say_end();

 protected:
  ssize_t take_some(void* into, std::size_t bytes) override;
  ssize_t give_some(const void* from, std::size_t bytes) override;

 private:
  ssize_t outcome(int returned);

  SSL_CTX* context_;
  SSL* ssl_;
  bool is_secure_ = false;
  std::string trouble_;
};

}  // namespace coatcheck::http::testing
