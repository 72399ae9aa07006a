#include "client/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace coatcheck::client {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void note_interrupt(int) { interrupted = 1; }

std::string dressed(bool colours, const char* code, std::string_view text) {
  if (!colours || text.empty()) return std::string(text);
  return std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

std::size_t width_of_terminal(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR && interrupted == 0) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::string Style::bold(std::string_view text) const { return dressed(colours, "1", text); }
std::string Style::dim(std::string_view text) const { return dressed(colours, "2", text); }
std::string Style::red(std::string_view text) const { return dressed(colours, "31", text); }
std::string Style::green(std::string_view text) const { return dressed(colours, "32", text); }
std::string Style::yellow(std::string_view text) const { return dressed(colours, "33", text); }

Stream look_at(int descriptor) {
  Stream stream;
  stream.is_terminal = isatty(descriptor) == 1;
  if (!stream.is_terminal) return stream;
  stream.width = width_of_terminal(descriptor);
  const char* kind = std::getenv("TERM");
  stream.style.colours = !is_set("NO_COLOR") && (kind == nullptr || std::string_view(kind) != "dumb");
  return stream;
}

void print(std::string_view text) { write_all(STDOUT_FILENO, text); }
void print_error(std::string_view text) { write_all(STDERR_FILENO, text); }

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = note_interrupt;
  // Without SA_RESTART, so that a write that waits for a reader ends too.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A reader that has gone shows as an error of write().
  std::signal(SIGPIPE, SIG_IGN);
}

bool is_interrupted() { return interrupted != 0; }

}  // namespace coatcheck::client
