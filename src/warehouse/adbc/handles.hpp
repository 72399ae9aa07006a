#pragma once

#include <arrow/c/abi.h>
#include <duckdb/common/adbc/adbc.h>

#include <cstring>

namespace coatcheck::warehouse::adbc {

// What a driver says about a call that failed. One for each call.
class Error {
 public:
  Error() : error_(ADBC_ERROR_INIT) {}
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  ~Error() {
    if (error_.release != nullptr) error_.release(&error_);
  }

  AdbcError* out() { return &error_; }
  const AdbcError& get() const { return error_; }

 private:
  AdbcError error_;
};

// Owns an object of ADBC (database, connection, statement): zeroed, and released if New was called for it.
template <class Object, auto release>
class Owned {
 public:
  Owned() { std::memset(&object_, 0, sizeof object_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { reset(); }

  Object* get() { return &object_; }
  void reset() {
    Error ignored;
    if (object_.private_data != nullptr) release(&object_, ignored.out());
    std::memset(&object_, 0, sizeof object_);
  }

 private:
  Object object_;
};

using DatabaseHandle = Owned<AdbcDatabase, AdbcDatabaseRelease>;
using ConnectionHandle = Owned<AdbcConnection, AdbcConnectionRelease>;
using StatementHandle = Owned<AdbcStatement, AdbcStatementRelease>;

// Owns a struct of Arrow's C interfaces, which releases itself.
template <class Struct>
class Released {
 public:
  Released() { std::memset(&held_, 0, sizeof held_); }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
  ~Released() { reset(); }

  Struct* get() { return &held_; }
  bool empty() const { return held_.release == nullptr; }
  void reset() {
    if (held_.release != nullptr) held_.release(&held_);
    std::memset(&held_, 0, sizeof held_);
  }

 private:
  Struct held_;
};

}  // namespace coatcheck::warehouse::adbc
