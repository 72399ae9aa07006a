#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace coatcheck::warehouse {

// An RSA key pair, made for a test. Slow to make.
class TestKey {
 public:
  explicit TestKey(unsigned bits = 2048) : key_(EVP_RSA_gen(bits), &EVP_PKEY_free) {
    if (!key_) throw std::runtime_error("no RSA key was made");
  }

  EVP_PKEY* get() const { return key_.get(); }

  // PKCS #8, encrypted if there is a passphrase.
  std::string pem(const std::string& passphrase = "") const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
    const auto* cipher = passphrase.empty() ? nullptr : EVP_aes_256_cbc();
    const char* phrase = passphrase.empty() ? nullptr : passphrase.c_str();
    if (PEM_write_bio_PKCS8PrivateKey(memory.get(), key_.get(), cipher, phrase, static_cast<int>(passphrase.size()),
                                      nullptr, nullptr) != 1) {
      throw std::runtime_error("the key was not written");
    }
    char* text = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory.get(), &text));
    return {text, size};
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

// One for all tests of a program.
inline const TestKey& test_key() {
  static const TestKey key;
  return key;
}

}  // namespace coatcheck::warehouse
