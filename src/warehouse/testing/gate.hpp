#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace coatcheck::warehouse {

// A port of this machine that leads to a server, until it is shut: by it a test takes a warehouse away, and gives it
// back. It runs on a thread of its own.
class Gate {
 public:
  // `address` is "127.0.0.1:PORT", or the path of a Unix socket. It is open from the start. Throws
  // std::invalid_argument if it is neither.
  explicit Gate(const std::string& address);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Stays the same.
  std::uint16_t port() const;

  // Breaks every connection, and refuses new ones until open(). Returns when that is so.
  void shut();
  void open();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace coatcheck::warehouse
