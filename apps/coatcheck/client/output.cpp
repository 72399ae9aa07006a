#include "client/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "client/terminal.hpp"

namespace coatcheck::client {

namespace fs = std::filesystem;

namespace {

Trouble local(const fs::path& path, std::string_view what, int number) {
  return {ExitCode::local,
          fmt::format("{} cannot be {}: {}", path.string(), what, std::generic_category().message(number))};
}

}  // namespace

Output::Output(int descriptor, fs::path file, fs::path partial)
    : descriptor_(descriptor), file_(std::move(file)), partial_(std::move(partial)) {}

Output::Output(Output&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      file_(std::move(other.file_)),
      partial_(std::exchange(other.partial_, {})),
      has_reader_(other.has_reader_) {}

Output::~Output() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  if (!partial_.empty()) ::unlink(partial_.c_str());
}

Outcome<Output> Output::open(std::string_view path) {
  if (path.empty() || path == "-") return Output(STDOUT_FILENO, {}, {});
  const fs::path file(path);
  std::error_code none;
  const bool direct = fs::exists(file, none) && !fs::is_regular_file(file, none);
  fs::path partial = direct ? fs::path() : fs::path(file.string() + ".partial");
  const fs::path& opened = direct ? file : partial;
  const int descriptor = ::open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return local(opened, "written", errno);
  return Output(descriptor, file, std::move(partial));
}

Outcome<void> Output::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (is_interrupted()) return Trouble{ExitCode::interrupted, "interrupted"};
    if (errno == EINTR) continue;
    const int number = errno;
    if (number == EPIPE && file_.empty()) has_reader_ = false;
    return local(file_.empty() ? fs::path("standard output") : file_, "written", number);
  }
  return Outcome<void>::ok();
}

Outcome<void> Output::commit() {
  if (file_.empty()) return Outcome<void>::ok();
  if (::close(std::exchange(descriptor_, -1)) != 0) return local(file_, "written", errno);
  if (partial_.empty()) return Outcome<void>::ok();
  if (::rename(partial_.c_str(), file_.c_str()) != 0) return local(file_, "written", errno);
  partial_.clear();
  return Outcome<void>::ok();
}

}  // namespace coatcheck::client
