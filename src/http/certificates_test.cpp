#include "http/certificates.hpp"

#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "http/testing/authority.hpp"

namespace coatcheck::http {
namespace {

using ::testing::AllOf;
using testing::Authority;
using ::testing::HasSubstr;
using testing::Identity;
using ::testing::Not;
using testing::ServerFiles;
using ::testing::StartsWith;

std::string name_in_use(const Certificates& certificates) {
  SSL* connection = certificates.new_connection();
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get_certificate(connection)), NID_commonName, name, sizeof name);
  SSL_free(connection);
  return name;
}

class CertificateFilesOf : public ::testing::Test {
 protected:
  std::string trouble() const {
    auto opened = Certificates::open(files_.files());
    return opened ? "no trouble" : opened.error().message;
  }
  // Looks until what has changed has settled.
  Result<bool> refresh(Certificates& certificates) const {
    auto first = certificates.refresh();
    if (!first || *first) return Error{Errc::conflict, "read before it had settled"};
    return certificates.refresh();
  }

  Authority authority_{"authority"};
  ServerFiles files_{authority_.issue("first")};
  std::string certificate_ = files_.files().certificate;
  std::string key_ = files_.files().key;
};

TEST_F(CertificateFilesOf, a_pair_that_belongs_together_is_taken) {
  EXPECT_EQ(trouble(), "no trouble");
  files_.ask_clients(authority_);
  EXPECT_EQ(trouble(), "no trouble");
  auto opened = Certificates::open(files_.files());
  EXPECT_NEAR(static_cast<double>(opened->expires() - std::time(nullptr)), 3600, 60);
}

TEST_F(CertificateFilesOf, those_that_lead_to_the_authority_are_sent_too) {
  const Identity own = authority_.issue("own");
  files_.put({.certificate = own.certificate + authority_.certificate(), .key = own.key});
  auto opened = Certificates::open(files_.files());
  ASSERT_TRUE(opened);
  SSL* connection = opened->new_connection();
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(SSL_get_SSL_CTX(connection), &chain);
  EXPECT_EQ(sk_X509_num(chain), 1);
  SSL_free(connection);
}

TEST_F(CertificateFilesOf, a_file_that_cannot_be_used_is_named) {
  struct Case {
    std::string file;
    std::string text;
    std::string words;
  };
  files_.ask_clients(authority_);
  const std::string authority = files_.files().client_ca;
  const Identity good = authority_.issue("good");
  const std::string damaged = good.certificate + good.certificate.substr(0, 200) + "\n-----END CERTIFICATE-----\n";
  for (const Case& each :
       {Case{certificate_, "", "holds no certificate in PEM"},
        Case{certificate_, "no PEM", "holds no certificate in PEM"},
        Case{certificate_, damaged, "holds a damaged certificate"},
        Case{certificate_, std::string(2 << 20, 'x'), "is larger than 1 MiB"},
        Case{key_, "", "holds no private key in PEM"}, Case{key_, good.certificate, "holds no private key in PEM"},
        Case{key_, good.key, "is not the key of the certificate in " + certificate_},
        Case{key_, testing::rsa_key(), "is not the key of the certificate in " + certificate_},
        Case{authority, "", "holds no certificate in PEM"}, Case{authority, damaged, "holds a damaged certificate"}}) {
    files_.put(authority_.issue("fresh"));
    files_.ask_clients(authority_);
    ServerFiles::put(each.file, each.text);
    EXPECT_EQ(trouble(), each.file + ": " + each.words);
  }
}

TEST_F(CertificateFilesOf, a_file_that_cannot_be_read_is_named) {
  std::filesystem::remove(key_);
  EXPECT_EQ(trouble(), key_ + ": cannot be read: No such file or directory");
  std::filesystem::create_directory(key_);
  EXPECT_EQ(trouble(), key_ + ": is not a regular file");
  std::filesystem::remove(key_);
  ASSERT_EQ(::mkfifo(key_.c_str(), 0600), 0);
  EXPECT_EQ(trouble(), key_ + ": is not a regular file");
}

TEST_F(CertificateFilesOf, a_key_with_a_passphrase_is_refused_without_asking_for_it) {
  ServerFiles::put(key_, testing::encrypted_key("secret"));
  EXPECT_EQ(trouble(), key_ + ": is encrypted; a key without a passphrase is needed");
}

TEST_F(CertificateFilesOf, a_key_that_everybody_may_read_is_noticed) {
  EXPECT_FALSE(Certificates::open(files_.files())->key_is_readable_by_all());
  ::chmod(key_.c_str(), 0640);
  EXPECT_FALSE(Certificates::open(files_.files())->key_is_readable_by_all());
  ::chmod(key_.c_str(), 0644);
  EXPECT_TRUE(Certificates::open(files_.files())->key_is_readable_by_all());
}

TEST_F(CertificateFilesOf, new_files_are_taken_when_they_have_settled) {
  auto certificates = Certificates::open(files_.files());
  ASSERT_TRUE(certificates);
  EXPECT_FALSE(*certificates->refresh());
  EXPECT_FALSE(*certificates->refresh());

  files_.put(authority_.issue("second"));
  auto taken = refresh(*certificates);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(*taken);
  EXPECT_EQ(name_in_use(*certificates), "second");
  EXPECT_FALSE(*certificates->refresh());
}

TEST_F(CertificateFilesOf, a_pair_that_is_replaced_one_file_at_a_time_makes_no_trouble) {
  auto certificates = Certificates::open(files_.files());
  const Identity second = authority_.issue("second");
  ServerFiles::put(certificate_, second.certificate);
  EXPECT_FALSE(*certificates->refresh());
  ServerFiles::put(key_, second.key);
  EXPECT_TRUE(*refresh(*certificates));
  EXPECT_EQ(name_in_use(*certificates), "second");
}

TEST_F(CertificateFilesOf, bad_new_files_leave_the_old_ones_in_use_and_are_told_of_once) {
  auto certificates = Certificates::open(files_.files());
  const Identity second = authority_.issue("second");
  ServerFiles::put(key_, second.key);
  auto refused = refresh(*certificates);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, AllOf(StartsWith(key_), HasSubstr("is not the key of the certificate")));
  EXPECT_EQ(name_in_use(*certificates), "first");
  EXPECT_FALSE(*certificates->refresh());

  std::filesystem::remove(certificate_);
  EXPECT_FALSE(refresh(*certificates));
  EXPECT_EQ(name_in_use(*certificates), "first");

  ServerFiles::put(certificate_, second.certificate);
  EXPECT_TRUE(*refresh(*certificates));
  EXPECT_EQ(name_in_use(*certificates), "second");
}

TEST_F(CertificateFilesOf, a_new_authority_of_clients_is_noticed_too) {
  files_.ask_clients(authority_);
  auto certificates = Certificates::open(files_.files());
  const Authority other("other");
  files_.ask_clients(other);
  EXPECT_TRUE(*refresh(*certificates));
}

}  // namespace
}  // namespace coatcheck::http
