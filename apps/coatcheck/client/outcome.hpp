#pragma once

#include <string>

#include "base/result.hpp"

namespace coatcheck::client {

// What the process ends with; docs/cli.md has the table.
enum class ExitCode {
  ok = 0,
  query_failed = 1,   // The query failed or was canceled.
  not_well = 1,       // A warehouse does not work, or what is stored is damaged.
  usage = 2,          // The command or what it asks for is wrong.
  unavailable = 3,    // The server cannot be reached, is not able to serve, or broke off.
  unauthorized = 4,   // The key is missing or wrong.
  not_found = 5,      // No such query, or its result is no longer there.
  local = 6,          // A file of this machine cannot be read or written.
  not_ended = 124,    // The query goes on: the time to wait was over, or its result was asked for too early.
  interrupted = 130,  // Ctrl-C.
};

// Why a command did not do what it should.
struct Trouble {
  ExitCode exit = ExitCode::usage;
  std::string message = "no outcome";
  std::string hint = {};  // What to do about it; may have several lines, or be empty.

  // Whether the same request may be sent again.
  enum class Again {
    no,
    unreached,  // Nothing got to the server.
    unclear,    // The server may have heard it.
  };
  Again again = Again::no;
};

template <class T>
using Outcome = Result<T, Trouble>;

}  // namespace coatcheck::client
