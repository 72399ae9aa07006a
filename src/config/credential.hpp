#pragma once

#include <string>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace coatcheck::config {

// A secret that the settings only say where to find: a password, a token, a private key in PEM. Any thread.
class Credential {
 public:
  // `setting` is what its file or variable is called in the settings, up to the word "file" or "environment":
  // "secret_", "credentials.password.".
  Credential(std::string setting, CredentialSource source);

  // Returns the secret of now, without the line break at its end. Its file is read anew by every call, so that what has
  // changed is never missed, not even within the resolution of a file's times: at most 64 KiB, some microseconds.
  // Replace such a file by renaming a new one to it, for one that is written in place is seen half written.
  //
  // Fails with not_found, io_error or invalid_argument (empty, too long, no regular file, with a NUL). The message
  // names the setting and says why, and may be shown to clients; `detail` has the path or the variable, for operators.
  // Neither has anything of the secret.
  Result<std::string> read() const;

 private:
  Result<std::string> read_file() const;
  Result<std::string> read_variable() const;
  Error trouble(Errc code, std::string_view why) const;

  std::string setting_;
  CredentialSource source_;
};

}  // namespace coatcheck::config
