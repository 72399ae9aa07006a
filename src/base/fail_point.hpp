#pragma once

#include <string_view>

namespace coatcheck {

// A step in the life of a query, by name: where a crash test has the process die (tests/recovery/test_steps.py).
//
// In programs that are built with the CMake option COATCHECK_FAIL_POINTS, the environment variable
// COATCHECK_FAIL_POINT names a step, and which time of reaching it is meant: "spool.renamed", "journal.commit@3". There
// the process ends by SIGKILL; with "=term" behind it, it sends itself SIGTERM and goes on. In all other programs this
// does nothing. Safe from any thread.
void fail_point(std::string_view step);

}  // namespace coatcheck
