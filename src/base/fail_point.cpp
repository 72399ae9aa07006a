#include "base/fail_point.hpp"

#ifdef COATCHECK_FAIL_POINTS

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>

namespace coatcheck {

namespace {

// What the environment asks for.
struct Plan {
  std::string step;
  int signal = SIGKILL;
  std::atomic<int> left = 1;  // How often the step may still be reached.

  explicit Plan(std::string_view text) {
    const auto action = text.find('=');
    if (action != std::string_view::npos && text.substr(action + 1) == "term") signal = SIGTERM;
    text = text.substr(0, action);
    const auto times = text.find('@');
    step = text.substr(0, times);
    if (times == std::string_view::npos) return;
    int count = 1;
    std::from_chars(text.data() + times + 1, text.data() + text.size(), count);
    left = count;
  }
};

Plan& plan() {
  const char* text = std::getenv("COATCHECK_FAIL_POINT");  // NOLINT(concurrency-mt-unsafe): nothing sets it.
  static Plan the_plan(text ? text : "");
  return the_plan;
}

}  // namespace

void fail_point(std::string_view step) {
  Plan& planned = plan();
  if (step != planned.step || planned.left.fetch_sub(1) != 1) return;
  ::kill(::getpid(), planned.signal);
  // Nothing of what follows may happen before the signal has ended us.
  while (planned.signal == SIGKILL) ::pause();
}

}  // namespace coatcheck

#else

namespace coatcheck {

void fail_point(std::string_view /*step*/) {}

}  // namespace coatcheck

#endif
