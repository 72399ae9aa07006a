#pragma once

#include <cstddef>
#include <optional>
#include <variant>

#include "scan/recognizer.hpp"
#include "scan/text.hpp"

// The calls that are tables of ours, by themselves. Of this room alone.
namespace coatcheck::scan {

struct FoundCall {
  std::variant<ResultCall, HistoryCall> call;
  std::size_t next = 0;  // The token after its last parenthesis.
};

// Reads the call that begins at token `at`: `table ( … )` or a bare result_scan ( … ). Nothing if there is none that
// is understood.
std::optional<FoundCall> read_table_call(const Text& text, std::size_t at);

// Reads last_query_id ( [n] ) at token `at`.
struct FoundPlace {
  SessionPlace place;
  std::size_t next = 0;
};
std::optional<FoundPlace> read_last_query_id(const Text& text, std::size_t at);

// Whether a call of one of our functions begins at token `at`, understood or not.
bool names_our_function(const Text& text, std::size_t at);

}  // namespace coatcheck::scan
