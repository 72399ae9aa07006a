#include "http/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace coatcheck::http {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = std::size_t{1} << 20;
// Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else anyway.
constexpr const char* tls12_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr long ticket_seconds = 3600;
constexpr std::string_view session_name = "coatcheck";

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

// The text of a file, which may be a key's: wiped when it is let go.
class Pem {
 public:
  explicit Pem(std::string text) : text_(std::move(text)), bio_(BIO_new_mem_buf(text_.data(), bytes())) {}
  Pem(const Pem&) = delete;
  Pem& operator=(const Pem&) = delete;
  ~Pem() { OPENSSL_cleanse(text_.data(), text_.size()); }

  BIO* bio() const { return bio_.get(); }

 private:
  int bytes() const { return static_cast<int>(text_.size()); }

  std::string text_;
  std::unique_ptr<BIO, Free> bio_;
};

Error trouble(const fs::path& file, std::string_view why) {
  return {Errc::invalid_argument, file.string() + ": " + std::string(why)};
}

// OpenSSL's words for what went wrong last.
std::string words() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "unknown reason";
}

Result<std::string> read_file(const fs::path& file) {
  // Looked at before it is opened: opening a FIFO would wait for somebody to write.
  struct stat about{};
  if (::stat(file.c_str(), &about) != 0) {
    return trouble(file, "cannot be read: " + std::generic_category().message(errno));
  }
  if (!S_ISREG(about.st_mode)) return trouble(file, "is not a regular file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return trouble(file, "cannot be read: " + std::generic_category().message(errno));
  std::string text(file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return trouble(file, "cannot be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > file_bytes_max) return trouble(file, "is larger than 1 MiB");
  return text;
}

// There is nobody to ask for a passphrase: without this, OpenSSL would ask at the terminal.
int no_passphrase(char*, int, int, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

Certificate next_certificate(const Pem& pem) {
  return Certificate(PEM_read_bio_X509(pem.bio(), nullptr, no_passphrase, nullptr));
}

// Whether the reading of certificates ended because there was no more, and not because one is damaged.
bool is_end() {
  const auto error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

Result<std::time_t> use_certificates(SSL_CTX* context, const fs::path& file) {
  auto text = read_file(file);
  if (!text) return std::move(text).error();
  const Pem pem(*std::move(text));
  const Certificate own = next_certificate(pem);
  if (!own) return trouble(file, is_end() ? "holds no certificate in PEM" : "holds a damaged certificate");
  if (SSL_CTX_use_certificate(context, own.get()) != 1) return trouble(file, "cannot be used: " + words());
  while (Certificate next = next_certificate(pem)) {
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return trouble(file, "cannot be used: " + words());
    static_cast<void>(next.release());  // The context has it.
  }
  if (!is_end()) return trouble(file, "holds a damaged certificate");
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(own.get()), &end) != 1) return trouble(file, "has no time of its end");
  return ::timegm(&end);
}

Result<void> use_key(SSL_CTX* context, const fs::path& file, const fs::path& certificate) {
  auto text = read_file(file);
  if (!text) return std::move(text).error();
  const Pem pem(*std::move(text));
  bool is_encrypted = false;
  const Key key(PEM_read_bio_PrivateKey(pem.bio(), nullptr, no_passphrase, &is_encrypted));
  if (is_encrypted) return trouble(file, "is encrypted; a key without a passphrase is needed");
  if (!key) return trouble(file, "holds no private key in PEM");
  ERR_clear_error();
  // OpenSSL itself compares a key only with a certificate of the same type.
  const bool fits = X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) == 1;
  if (fits && SSL_CTX_use_PrivateKey(context, key.get()) == 1) return Result<void>::ok();
  const auto error = ERR_peek_last_error();
  const bool mismatch = ERR_GET_LIB(error) == ERR_LIB_X509 && (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH ||
                                                               ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH);
  if (mismatch) return trouble(file, "is not the key of the certificate in " + certificate.string());
  return trouble(file, "cannot be used: " + words());
}

Result<void> ask_clients(SSL_CTX* context, const fs::path& file) {
  auto text = read_file(file);
  if (!text) return std::move(text).error();
  const Pem pem(*std::move(text));
  int count = 0;
  while (const Certificate next = next_certificate(pem)) {
    const bool added = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next.get()) == 1 &&
                       SSL_CTX_add_client_CA(context, next.get()) == 1;
    if (!added) return trouble(file, "cannot be used: " + words());
    ++count;
  }
  if (!is_end()) return trouble(file, "holds a damaged certificate");
  if (count == 0) return trouble(file, "holds no certificate in PEM");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // A resumed session shows no certificate again: one that has ended since, or whose authority is trusted no more,
  // would come in by its ticket.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  return Result<void>::ok();
}

// Clients that offer protocols must offer ours (RFC 7301 3.2): HTTP/1.1 to somebody who expects HTTP/2 helps nobody.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* bytes, const unsigned char* offered,
                    unsigned int offered_bytes, void*) {
  constexpr std::string_view ours = "http/1.1";
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_bytes);
  while (!rest.empty()) {
    const auto length = static_cast<unsigned char>(rest[0]);
    if (rest.substr(1, length) == ours) {
      *chosen = reinterpret_cast<const unsigned char*>(rest.data() + 1);
      *bytes = length;
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 1U + length));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool set_rules(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // Buffers only while there is something in them, or every waiting connection would hold 32 KiB.
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // One system call for a record, not two.
  // Sessions are resumed by tickets, which cost the server no memory. Their keys are the context's: new files, new
  // keys.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context, ticket_seconds);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, tls12_ciphers) == 1 &&
         SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(session_name.data()),
                                        session_name.size()) == 1;
}

std::int64_t nanoseconds_of(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

void Certificates::FreeContext::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

Certificates::Certificates(CertificateFiles files) : files_(std::move(files)) {}
Certificates::Certificates(Certificates&&) noexcept = default;
Certificates& Certificates::operator=(Certificates&&) noexcept = default;
Certificates::~Certificates() = default;

Result<Certificates> Certificates::open(CertificateFiles files) {
  Certificates certificates(std::move(files));
  certificates.seen_ = certificates.look();
  auto read = certificates.read();
  if (!read) return std::move(read).error();
  return certificates;
}

Result<bool> Certificates::refresh() {
  const Versions now = look();
  const bool settled = now == seen_;
  seen_ = now;
  if (!settled || now == tried_) return false;
  auto read = this->read();
  if (!read) return std::move(read).error();
  return true;
}

// Replaces what is in use only if all of it is good. Takes what is seen as tried.
Result<void> Certificates::read() {
  tried_ = seen_;
  ERR_clear_error();
  std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_server_method()));
  if (!context || !set_rules(context.get())) return Error{Errc::unavailable, "TLS cannot be set up: " + words()};
  auto expires = use_certificates(context.get(), files_.certificate);
  if (!expires) return std::move(expires).error();
  if (auto used = use_key(context.get(), files_.key, files_.certificate); !used) return used;
  if (!files_.client_ca.empty()) {
    if (auto asked = ask_clients(context.get(), files_.client_ca); !asked) return asked;
  }
  ERR_clear_error();
  context_ = std::move(context);
  expires_ = *expires;
  return Result<void>::ok();
}

Certificates::Version Certificates::version_of(const fs::path& file) {
  struct stat about{};
  if (file.empty() || ::stat(file.c_str(), &about) != 0) return {};
  return {.device = about.st_dev,
          .inode = about.st_ino,
          .bytes = static_cast<std::uint64_t>(about.st_size),
          .modified_ns = nanoseconds_of(about.st_mtim),
          .changed_ns = nanoseconds_of(about.st_ctim),
          .mode = about.st_mode};
}

Certificates::Versions Certificates::look() const {
  return {version_of(files_.certificate), version_of(files_.key), version_of(files_.client_ca)};
}

bool Certificates::key_is_readable_by_all() const { return (tried_[1].mode & S_IROTH) != 0; }

SSL* Certificates::new_connection() const { return SSL_new(context_.get()); }

}  // namespace coatcheck::http
