#pragma once

#include <filesystem>
#include <string_view>

#include "client/outcome.hpp"

namespace coatcheck::client {

// Where a result goes: standard output, or a file that is there only once it is whole. Until then the bytes are
// in "<file>.partial", which is removed if commit() was not called.
class Output {
 public:
  // An empty path or "-" is standard output. Something that is no regular file (a pipe, /dev/null) is written directly.
  static Outcome<Output> open(std::string_view path);

  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();

  // Trouble if not all could be written. When the reader of standard output has gone, `has_reader()` is false.
  Outcome<void> write(std::string_view bytes);
  Outcome<void> commit();

  bool has_reader() const { return has_reader_; }

 private:
  Output(int descriptor, std::filesystem::path file, std::filesystem::path partial);

  int descriptor_;
  std::filesystem::path file_;     // Empty for standard output.
  std::filesystem::path partial_;  // Empty if written directly.
  bool has_reader_ = true;
};

}  // namespace coatcheck::client
