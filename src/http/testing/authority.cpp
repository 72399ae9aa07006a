#include "http/testing/authority.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>
#include <fstream>

namespace coatcheck::http::testing {

namespace {

template <class Write>
std::string pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string pem(EVP_PKEY* key) {
  return pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}
std::string pem(X509* certificate) {
  return pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
}

void extend(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* make(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  static std::atomic<long> serial{1};
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, issuer == nullptr ? subject : X509_get_subject_name(issuer));
  X509_set_pubkey(certificate, key);
  extend(certificate, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (issuer != nullptr) extend(certificate, NID_subject_alt_name, "IP:127.0.0.1");
  X509_sign(certificate, issuer_key, EVP_sha256());
  return certificate;
}

}  // namespace

Authority::Authority(const std::string& name)
    : key_(EVP_EC_gen("P-256")), own_(make(name, key_, nullptr, key_)), identity_{pem(own_), pem(key_)} {}

Authority::~Authority() {
  X509_free(own_);
  EVP_PKEY_free(key_);
}

Identity Authority::issue(const std::string& name) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = make(name, key, own_, key_);
  Identity issued{pem(certificate), pem(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return issued;
}

std::string rsa_key() {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  std::string text = pem(key);
  EVP_PKEY_free(key);
  return text;
}

std::string encrypted_key(const std::string& passphrase) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  std::string text = pem([&](BIO* bio) {
    PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), passphrase.data(), static_cast<int>(passphrase.size()),
                                  nullptr, nullptr);
  });
  EVP_PKEY_free(key);
  return text;
}

ServerFiles::ServerFiles(const Identity& identity) {
  std::string name = std::filesystem::temp_directory_path() / "coatcheck-tls-XXXXXX";
  directory_ = ::mkdtemp(name.data());
  files_ = {.certificate = directory_ / "server.crt", .key = directory_ / "server.key"};
  put(identity);
}

ServerFiles::~ServerFiles() { std::filesystem::remove_all(directory_); }

void ServerFiles::put(const Identity& identity) const {
  put(files_.certificate, identity.certificate);
  put(files_.key, identity.key);
}

void ServerFiles::ask_clients(const Authority& authority) {
  files_.client_ca = directory_ / "clients.crt";
  put(files_.client_ca, authority.certificate());
}

void ServerFiles::put(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path written = file.string() + ".new";
  std::ofstream(written, std::ios::binary) << text;
  std::filesystem::permissions(written, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::rename(written, file);
}

}  // namespace coatcheck::http::testing
