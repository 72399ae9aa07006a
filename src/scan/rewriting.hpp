#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/statement.hpp"
#include "scan/recognizer.hpp"

// A statement as the engine gets it. Of this room alone.
namespace coatcheck::scan {

class Rewritten {
 public:
  // Puts coatcheck_rows('<name>') where the references are (names[i] for the i-th; a name has nothing in it that ends
  // a string), with an alias if there is none. Parameters that only stood inside references are taken out, and the
  // numbers of the others in $1 and the like made right.
  Rewritten(const Statement& statement, const Recognized& recognized, const std::vector<std::string>& names);

  const Statement& statement() const { return statement_; }
  Statement take() { return std::move(statement_); }

  // Where byte `position` of the new text was in the old one; inside what was replaced, where that began.
  std::uint64_t old_position(std::uint64_t position) const;

 private:
  void replace(std::string_view old, Bytes bytes, const std::string& text);

  Statement statement_;
  struct Edit {
    std::size_t begin;  // In the new text.
    std::size_t end;
    Bytes old;
  };
  std::vector<Edit> edits_;
  std::size_t copied_ = 0;
};

}  // namespace coatcheck::scan
