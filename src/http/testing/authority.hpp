#pragma once

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "http/certificates.hpp"

namespace coatcheck::http::testing {

// A certificate and its key, in PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

// Signs certificates, with keys made anew.
class Authority {
 public:
  explicit Authority(const std::string& name);
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  ~Authority();

  const std::string& certificate() const { return identity_.certificate; }
  // For a server at 127.0.0.1, or for a client.
  Identity issue(const std::string& name) const;

 private:
  EVP_PKEY* key_;
  X509* own_;
  Identity identity_;
};

// A key of another type than those that an Authority makes, in PEM.
std::string rsa_key();

// A key under a passphrase, in PEM.
std::string encrypted_key(const std::string& passphrase);

// A server's files in a directory of their own, which goes with it.
class ServerFiles {
 public:
  explicit ServerFiles(const Identity& identity);
  ServerFiles(const ServerFiles&) = delete;
  ServerFiles& operator=(const ServerFiles&) = delete;
  ~ServerFiles();

  const CertificateFiles& files() const { return files_; }
  const std::filesystem::path& directory() const { return directory_; }
  void put(const Identity& identity) const;
  // Asks clients for certificates of this authority.
  void ask_clients(const Authority& authority);
  // Writes a new file and renames it to that name.
  static void put(const std::filesystem::path& file, const std::string& text);

 private:
  std::filesystem::path directory_;
  CertificateFiles files_;
};

}  // namespace coatcheck::http::testing
