#include "warehouse/upstream/testing/scripted_server.hpp"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

namespace coatcheck::warehouse::upstream {

namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// A key and a certificate signed by itself.
struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  std::string pem;

  Identity() {
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
    X509_set_pubkey(certificate, key);
    auto* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    auto* alternative = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, alternative, -1);
    X509_EXTENSION_free(alternative);
    X509_sign(certificate, key, EVP_sha256());
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out, &data);
    pem.assign(data, static_cast<std::size_t>(size));
    BIO_free(out);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

// One accepted connection, with or without TLS.
class Stream {
 public:
  Stream(int socket, SSL_CTX* tls) : socket_(socket) {
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, socket);
    good_ = SSL_accept(ssl_) == 1;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { SSL_free(ssl_); }

  // Appends what comes next; false at the end.
  bool read(std::string& into) {
    if (!good_) return false;
    char buffer[16'384];
    const auto got =
        ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof buffer) : ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    into.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  bool write(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ssl_ != nullptr ? SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
                                        : ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

 private:
  int socket_;
  SSL* ssl_ = nullptr;
  bool good_ = true;
};

// Reads one request; what is left over stays in `buffer`.
std::optional<ScriptedServer::Request> read_request(Stream& stream, std::string& buffer) {
  std::size_t end = buffer.npos;
  while ((end = buffer.find("\r\n\r\n")) == buffer.npos) {
    if (!stream.read(buffer)) return std::nullopt;
  }
  ScriptedServer::Request request;
  const std::string head = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);
  auto line_end = head.find("\r\n");
  const auto space = head.find(' ');
  request.method = head.substr(0, space);
  request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  for (auto begin = line_end + 2; begin < head.size(); begin = line_end + 2) {
    line_end = head.find("\r\n", begin);
    const auto colon = head.find(':', begin);
    const auto value = head.find_first_not_of(' ', colon + 1);
    request.headers[lower(head.substr(begin, colon - begin))] = head.substr(value, line_end - value);
  }
  const auto length = request.headers.find("content-length");
  const std::size_t wanted = length == request.headers.end() ? 0 : std::stoul(length->second);
  while (buffer.size() < wanted) {
    if (!stream.read(buffer)) return std::nullopt;
  }
  request.body = buffer.substr(0, wanted);
  buffer.erase(0, wanted);
  return request;
}

// Returns whether the connection goes on.
bool write_response(Stream& stream, const ScriptedServer::Response& response) {
  using End = ScriptedServer::Response::End;
  if (response.end == End::nothing) return false;
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " Said\r\n";
  for (const auto& [name, value] : response.headers) text += name + ": " + value + "\r\n";
  if (response.status != 204) text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  text += "\r\n";
  const auto& body = response.body;
  text += response.end == End::half ? body.substr(0, body.size() / 2) : body;
  return stream.write(text) && response.end == End::whole;
}

}  // namespace

class ScriptedServer::Impl {
 public:
  Impl(Handler handler, Transport transport) : handler_(std::move(handler)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that the client may have closed.
    if (transport == Transport::tls) {
      tls_ = SSL_CTX_new(TLS_server_method());
      SSL_CTX_use_certificate(tls_, identity_.certificate);
      SSL_CTX_use_PrivateKey(tls_, identity_.key);
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no port for a server in the test");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    stop_listening();
    acceptor_.join();
    ::close(listener_);
    break_connections();
    for (auto& thread : threads_) thread.join();
    SSL_CTX_free(tls_);
  }

  std::string url() const {
    return (tls_ != nullptr ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_);
  }

  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  const std::string& certificate() const { return identity_.pem; }

  void break_connections() {
    const std::lock_guard lock(mutex_);
    for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
  }

  void stop_listening() { ::shutdown(listener_, SHUT_RDWR); }

 private:
  void accept() {
    for (int number = 0;; ++number) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::lock_guard lock(mutex_);
      open_.insert(socket);
      threads_.emplace_back([this, socket, number] { serve(socket, number); });
    }
  }

  void serve(int socket, int number) {
    {
      Stream stream(socket, tls_);
      std::string buffer;
      while (auto request = read_request(stream, buffer)) {
        request->connection = number;
        {
          const std::lock_guard lock(mutex_);
          requests_.push_back(*request);
        }
        if (!write_response(stream, handler_(*request))) break;
      }
    }
    const std::lock_guard lock(mutex_);
    open_.erase(socket);
    ::close(socket);
  }

  Handler handler_;
  Identity identity_;
  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  int port_ = 0;

  mutable std::mutex mutex_;  // Guards what follows.
  std::vector<Request> requests_;
  std::set<int> open_;
  std::vector<std::thread> threads_;

  std::thread acceptor_;
};

ScriptedServer::ScriptedServer(Handler handler, Transport transport)
    : impl_(std::make_unique<Impl>(std::move(handler), transport)) {}
ScriptedServer::~ScriptedServer() = default;

std::string ScriptedServer::url() const { return impl_->url(); }
std::vector<ScriptedServer::Request> ScriptedServer::requests() const { return impl_->requests(); }
const std::string& ScriptedServer::certificate() const { return impl_->certificate(); }
void ScriptedServer::break_connections() { impl_->break_connections(); }
void ScriptedServer::stop_listening() { impl_->stop_listening(); }

}  // namespace coatcheck::warehouse::upstream
