#include "http/testing/tls_client.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace coatcheck::http::testing {

namespace {

X509* certificate_of(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

EVP_PKEY* key_of(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return key;
}

SSL_CTX* context_of(const Authority& authority, const TlsOptions& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  X509* trusted = certificate_of(authority.certificate());
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted);
  X509_free(trusted);
  if (options.version_max != 0) SSL_CTX_set_max_proto_version(context, options.version_max);
  if (options.ciphers != nullptr) {
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);  // Whatever the system thinks of it.
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_cipher_list(context, options.ciphers);
  }
  if (options.identity) {
    X509* certificate = certificate_of(options.identity->certificate);
    EVP_PKEY* key = key_of(options.identity->key);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  return context;
}

}  // namespace

TlsClient::TlsClient(std::uint16_t port, const Authority& authority, const TlsOptions& options)
    : RawClient(port, options.receive_buffer_bytes), context_(context_of(authority, options)), ssl_(SSL_new(context_)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without asking not to be told.
  SSL_set_fd(ssl_, socket());
  if (!options.protocols.empty()) {
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned>(options.protocols.size()));
  }
  if (options.resume != nullptr) SSL_set_session(ssl_, options.resume);
  ERR_clear_error();
  is_secure_ = SSL_connect(ssl_) == 1;
  if (!is_secure_) outcome(-1);
}

TlsClient::~TlsClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

ssize_t TlsClient::outcome(int returned) {
  if (returned > 0) return returned;
  const int error = SSL_get_error(ssl_, returned);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  const char* words = ERR_reason_error_string(ERR_peek_last_error());
  if (trouble_.empty()) trouble_ = words != nullptr ? words : "the connection broke";
  ERR_clear_error();
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}

ssize_t TlsClient::take_some(void* into, std::size_t bytes) {
  ERR_clear_error();
  return outcome(SSL_read(ssl_, into, static_cast<int>(bytes)));
}

ssize_t TlsClient::give_some(const void* from, std::size_t bytes) {
  ERR_clear_error();
  return outcome(SSL_write(ssl_, from, static_cast<int>(bytes)));
}

bool TlsClient::was_told_of_end() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }

void TlsClient::say_end() { SSL_shutdown(ssl_); }

std::string TlsClient::server_name() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
  return name.data();
}

std::string TlsClient::protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &chosen, &length);
  return {reinterpret_cast<const char*>(chosen), length};
}

std::string TlsClient::version() const { return SSL_get_version(ssl_); }

bool TlsClient::is_resumed() const { return SSL_session_reused(ssl_) == 1; }

}  // namespace coatcheck::http::testing
