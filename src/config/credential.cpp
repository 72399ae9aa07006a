#include "config/credential.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace coatcheck::config {

namespace {

constexpr std::size_t secret_bytes_max = std::size_t{64} << 10;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

std::string words_of(int error) { return std::generic_category().message(error); }

void strip_line_break(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

}  // namespace

Credential::Credential(std::string setting, CredentialSource source)
    : setting_(std::move(setting) + (source.file.empty() ? "environment" : "file")), source_(std::move(source)) {}

Result<std::string> Credential::read() const {
  auto secret = source_.file.empty() ? read_variable() : read_file();
  if (!secret) return secret;
  strip_line_break(*secret);
  if (secret->empty()) return trouble(Errc::invalid_argument, "is empty");
  // Those who take it want a text that ends with its first NUL.
  if (secret->find('\0') != std::string::npos) return trouble(Errc::invalid_argument, "holds a NUL");
  return secret;
}

Result<std::string> Credential::read_file() const {
  // Not to wait for somebody who writes into a FIFO.
  const Descriptor file(::open(source_.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) return trouble(errno == ENOENT ? Errc::not_found : Errc::io_error, words_of(errno));
  struct stat status = {};
  if (::fstat(file.number(), &status) != 0) return trouble(Errc::io_error, words_of(errno));
  if (!S_ISREG(status.st_mode)) return trouble(Errc::invalid_argument, "is not a regular file");

  std::string text(secret_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size != text.size()) {
    const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return trouble(Errc::io_error, words_of(errno));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > secret_bytes_max) return trouble(Errc::invalid_argument, "is larger than 64 KiB");
  text.resize(size);
  return text;
}

Result<std::string> Credential::read_variable() const {
  const char* value = std::getenv(source_.environment.c_str());
  if (value == nullptr) return trouble(Errc::not_found, "names a variable that is not set");
  return std::string(value);
}

Error Credential::trouble(Errc code, std::string_view why) const {
  const bool is_file = !source_.file.empty();
  return {.code = code,
          .message = setting_ + ": " + std::string(why),
          .field = setting_,
          .detail = is_file ? source_.file : source_.environment};
}

}  // namespace coatcheck::config
