#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace coatcheck::principals::testing {

// An RSA key with both halves, as a client has it. Slow to make.
class SigningKey {
 public:
  explicit SigningKey(unsigned bits = 2048) : key_(EVP_RSA_gen(bits), &EVP_PKEY_free) {
    if (!key_) throw std::runtime_error("no RSA key was made");
  }

  // The public half, as `openssl rsa -pubout` writes it.
  std::string public_pem() const {
    return written([this](BIO* to) { return PEM_write_bio_PUBKEY(to, key_.get()); });
  }
  std::string private_pem() const {
    return written(
        [this](BIO* to) { return PEM_write_bio_PrivateKey(to, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

  // RS256.
  std::string sign(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
      throw std::runtime_error("nothing was signed");
    }
    signature.resize(size);
    return signature;
  }

 private:
  template <class Write>
  static std::string written(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
    if (write(memory.get()) != 1) throw std::runtime_error("the key was not written");
    char* text = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory.get(), &text));
    return {text, size};
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

// One for all tests of a program.
inline const SigningKey& signing_key() {
  static const SigningKey key;
  return key;
}
inline const SigningKey& other_signing_key() {
  static const SigningKey key;
  return key;
}

}  // namespace coatcheck::principals::testing
