#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>

#include "base/result.hpp"

namespace coatcheck::http {

// All in PEM, each at most 1 MiB.
struct CertificateFiles {
  std::filesystem::path certificate;     // The server's own first, then those that lead to its authority.
  std::filesystem::path key;             // Of that certificate; without a passphrase.
  std::filesystem::path client_ca = {};  // Whose certificates clients must have. Empty: they need none.
};

// What a TLS connection of the server's starts from: certificates and rules (TLS 1.2 and 1.3, HTTP/1.1 by ALPN, no
// renegotiation, no compression). The files may be replaced while the server runs. Loop thread only.
class Certificates {
 public:
  // Reads the files. Errors name the file and say why; nothing of a key is ever in them.
  static Result<Certificates> open(CertificateFiles files);
  Certificates(Certificates&&) noexcept;
  Certificates& operator=(Certificates&&) noexcept;
  ~Certificates();

  // To be called once a second or so. Looks whether a file is another one now, which costs a stat(2) each, and reads
  // all of them when they have been the same for two looks, so that files which are still being replaced are left
  // alone. Returns whether new ones are in use, for connections that begin after it; those that are open go on. After
  // an error the old ones stay in use, and the files are tried again when they change.
  Result<bool> refresh();

  // Whether everybody on the machine may read the file of the key.
  bool key_is_readable_by_all() const;
  // When the certificate ends.
  std::time_t expires() const { return expires_; }

  // Makes the server's end of a new connection, which the caller frees; null if memory is out.
  SSL* new_connection() const;

 private:
  // Which file it was: another inode, size or time is another file. All zero if there is none.
  struct Version {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    std::uint32_t mode = 0;

    bool operator==(const Version&) const = default;
  };
  using Versions = std::array<Version, 3>;
  struct FreeContext {
    void operator()(SSL_CTX* context) const;
  };

  explicit Certificates(CertificateFiles files);
  static Version version_of(const std::filesystem::path& file);
  Versions look() const;
  Result<void> read();

  CertificateFiles files_;
  Versions tried_;  // What read() has found last, good or bad.
  Versions seen_;   // At the last look.
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::time_t expires_ = 0;
};

}  // namespace coatcheck::http
