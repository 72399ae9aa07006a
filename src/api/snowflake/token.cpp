#include "api/snowflake/token.hpp"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <cassert>
#include <cerrno>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "api/snowflake/base64url.hpp"

namespace coatcheck::api::snowflake {

namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::size_t mac_bytes = 32;
constexpr char layout_version = 1;

// The algorithm is looked up once: that costs more than a signature.
EVP_MAC* hmac() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (algorithm == nullptr) throw std::bad_alloc();  // OpenSSL's default provider always has it.
  return algorithm;
}

void append_number(std::string& to, std::uint64_t number) {
  for (unsigned shift = 64; shift != 0;) to += static_cast<char>(number >> (shift -= 8) & 0xffU);
}

void append_text(std::string& to, std::string_view text) {
  assert(text.size() <= 0xffff);
  to += static_cast<char>(text.size() >> 8U);
  to += static_cast<char>(text.size() & 0xffU);
  to += text;
}

// Takes a payload apart from its front; once something is missing, everything is.
class Taker {
 public:
  explicit Taker(std::string_view bytes) : left_(bytes) {}

  std::uint64_t number() {
    std::uint64_t number = 0;
    for (const char byte : take(8)) number = number << 8U | static_cast<unsigned char>(byte);
    return number;
  }
  std::uint8_t byte() {
    const std::string_view one = take(1);
    return one.empty() ? 0 : static_cast<std::uint8_t>(one[0]);
  }
  std::string_view text() {
    const std::size_t high = byte();
    const std::size_t low = byte();
    return take(high << 8U | low);
  }
  bool is_all() const { return good_ && left_.empty(); }

 private:
  std::string_view take(std::size_t bytes) {
    good_ = good_ && bytes <= left_.size();
    if (!good_) return {};
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }

  std::string_view left_;
  bool good_ = true;
};

std::uint64_t seconds_of(Timestamp time) {
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

Timestamp time_of(std::uint64_t seconds) {
  constexpr std::uint64_t past_all_clocks = 1ULL << 40U;
  return Timestamp(
      std::chrono::seconds(static_cast<std::int64_t>(seconds < past_all_clocks ? seconds : past_all_clocks)));
}

std::string payload_of(TokenKind kind, const Token& token) {
  std::string payload;
  payload += layout_version;
  payload += static_cast<char>(kind);
  append_number(payload, token.session);
  append_number(payload, seconds_of(token.issued));
  append_number(payload, seconds_of(token.expires));
  payload += token.identity.principal.role == principals::Role::admin ? '\1' : '\0';
  append_text(payload, token.identity.principal.name);
  append_text(payload, token.identity.credential);
  append_text(payload, token.initial);
  return payload;
}

// Reads what payload_of() writes, and nothing else.
std::optional<Token> read_payload(TokenKind kind, std::string_view payload) {
  Taker taker(payload);
  if (taker.byte() != layout_version || taker.byte() != static_cast<std::uint8_t>(kind)) return std::nullopt;
  Token token;
  token.session = taker.number();
  token.issued = time_of(taker.number());
  token.expires = time_of(taker.number());
  const std::uint8_t role = taker.byte();
  token.identity.principal.role = role == 1 ? principals::Role::admin : principals::Role::user;
  token.identity.principal.name = taker.text();
  token.identity.credential = taker.text();
  token.initial = taker.text();
  if (!taker.is_all() || role > 1 || token.session == 0 || token.session > session_id_max) return std::nullopt;
  return token;
}

Result<std::string> read_secret(const std::filesystem::path& path, const File& file) {
  struct stat about{};
  // Files of tests have no descriptor.
  if (file.descriptor() >= 0) {
    if (::fstat(file.descriptor(), &about) != 0) return io_error("looking at " + path.string(), errno);
    if (!S_ISREG(about.st_mode)) return Error{Errc::invalid_argument, path.string() + " is not a file"};
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
      return Error{Errc::invalid_argument, path.string() +
                                               " may be read or written by others than its owner; run: "
                                               "chmod 600 " +
                                               path.string()};
    }
  }
  auto size = file.size();
  if (!size) return std::move(size).error();
  if (*size != secret_bytes) return Error{Errc::corrupt, path.string() + " is not a secret of 32 bytes"};
  std::string secret(secret_bytes, '\0');
  auto got = file.read_at(0, std::as_writable_bytes(std::span(secret)));
  if (!got) return std::move(got).error();
  return secret;
}

Result<std::string> make_secret(const std::filesystem::path& path, Files& files) {
  if (path.has_parent_path()) {
    auto made = make_durable_directories(files, path.parent_path());
    if (!made) return std::move(made).error();
  }
  std::string secret(secret_bytes, '\0');
  if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(secret.data()), static_cast<int>(secret.size())) != 1) {
    return Error{Errc::unavailable, "the system gives no random bytes for a secret"};
  }
  std::filesystem::path fresh = path;
  fresh += ".new";
  auto cleared = files.remove(fresh);  // Of somebody who died here.
  if (!cleared) return std::move(cleared).error();
  {
    auto file = files.create(fresh);
    if (!file) return std::move(file).error();
    auto appended = (*file)->append(std::as_bytes(std::span(secret)));
    if (!appended) return std::move(appended).error();
    auto synced = (*file)->sync();
    if (!synced) return std::move(synced).error();
  }
  auto renamed = files.rename(fresh, path);
  if (!renamed) return std::move(renamed).error();
  const std::filesystem::path directory = path.parent_path();
  auto synced = files.sync_directory(directory.empty() ? "." : directory);
  if (!synced) return std::move(synced).error();
  return secret;
}

}  // namespace

void Signer::Free::operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }

Signer::Signer(Keyed session, Keyed master, Keyed text)
    : session_(std::move(session)), master_(std::move(master)), text_(std::move(text)) {}

Result<Signer> Signer::open(const std::filesystem::path& path, Files& files) {
  auto file = files.open(path);
  if (!file && file.error().code != Errc::not_found) return std::move(file).error();
  auto secret = file ? read_secret(path, **file) : make_secret(path, files);
  if (!secret) return std::move(secret).error();
  auto signer = with_secret(*secret);
  OPENSSL_cleanse(secret->data(), secret->size());
  return signer;
}

Result<Signer> Signer::with_secret(std::string_view secret) {
  Keyed session = derive(secret, "coatcheck snowflake session token");
  Keyed master = derive(secret, "coatcheck snowflake master token");
  Keyed text = derive(secret, "coatcheck snowflake signed text");
  if (!session || !master || !text) return Error{Errc::unavailable, "OpenSSL has no HMAC-SHA256"};
  return Signer(std::move(session), std::move(master), std::move(text));
}

// One block of HKDF-Expand (RFC 5869): the secret is random already, so nothing has to be extracted.
Signer::Keyed Signer::derive(std::string_view secret, std::string_view purpose) {
  const auto with_key = [](std::string_view key) -> Keyed {
    Keyed context(EVP_MAC_CTX_new(hmac()));
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    if (!context ||
        EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), parameters) != 1) {
      return nullptr;
    }
    return context;
  };
  const Keyed root = with_key(secret);
  if (!root) return nullptr;
  std::string info(purpose);
  info += '\1';
  Mac key = mac(root.get(), info);
  Keyed keyed = with_key({reinterpret_cast<const char*>(key.data()), key.size()});
  OPENSSL_cleanse(key.data(), key.size());
  return keyed;
}

Signer::Mac Signer::mac(const EVP_MAC_CTX* keyed, std::string_view text) {
  const Keyed context(EVP_MAC_CTX_dup(keyed));
  Mac mac{};
  std::size_t size = 0;
  if (!context ||
      EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1 ||
      EVP_MAC_final(context.get(), mac.data(), &size, mac.size()) != 1 || size != mac.size()) {
    throw std::bad_alloc();  // Nothing else can go wrong, and a signature of zeros must never leave.
  }
  return mac;
}

const EVP_MAC_CTX* Signer::keyed(TokenKind kind) const {
  switch (kind) {
    case TokenKind::session: return session_.get();
    case TokenKind::master: return master_.get();
  }
  return session_.get();
}

std::string Signer::make(TokenKind kind, const Token& token) const {
  assert(token.initial.size() <= token_initial_bytes_max);
  std::string bytes = payload_of(kind, token);
  const Mac signed_by = mac(keyed(kind), bytes);
  bytes.append(reinterpret_cast<const char*>(signed_by.data()), signed_by.size());
  return encode_base64url(bytes);
}

Result<Token, TokenFault> Signer::read(TokenKind kind, std::string_view text, Timestamp now) const {
  if (text.size() > token_text_bytes_max) return TokenFault::unusable;
  const auto bytes = decode_base64url(text);
  if (!bytes || bytes->size() <= mac_bytes) return TokenFault::unusable;
  const std::string_view payload = std::string_view(*bytes).substr(0, bytes->size() - mac_bytes);
  const Mac expected = mac(keyed(kind), payload);
  if (CRYPTO_memcmp(expected.data(), payload.data() + payload.size(), mac_bytes) != 0) return TokenFault::unusable;
  auto token = read_payload(kind, payload);
  if (!token) return TokenFault::unusable;
  if (token->expires <= now) return TokenFault::expired;
  return *std::move(token);
}

std::string Signer::signature(std::string_view text) const {
  const Mac signed_by = mac(text_.get(), text);
  return encode_base64url({reinterpret_cast<const char*>(signed_by.data()), signed_by.size()});
}

bool Signer::verify(std::string_view text, std::string_view signature) const {
  constexpr std::size_t length = 43;
  if (signature.size() != length) return false;
  const std::string expected = this->signature(text);
  return CRYPTO_memcmp(expected.data(), signature.data(), length) == 0;
}

}  // namespace coatcheck::api::snowflake
