#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "scan/calls.hpp"
#include "scan/text.hpp"

// The shape of a statement, as far as it matters here: where its tables stand, and which WHERE is over which of them.
// Of this room alone.
namespace coatcheck::scan {

// One SELECT; places among the tokens, `none` for what it has not.
struct Select {
  std::size_t select_at = none;
  std::size_t from_at = none;
  std::size_t where_at = none;
  std::size_t end = none;  // Of its FROM and WHERE: the token that ends them.
};

struct TableCall {
  std::size_t first = 0;  // Its tokens: [first, next).
  std::size_t next = 0;
  std::variant<ResultCall, HistoryCall> call;
  std::size_t select = none;  // Whose FROM it stands in; none inside parentheses of a FROM.
  bool has_alias = false;
  std::size_t alias_at = none;  // The alias itself.
  std::size_t after = 0;        // The token after the alias.
};

struct Shape {
  std::vector<Select> selects;
  std::vector<TableCall> calls;
};

// Returns the statement's shape; nothing if one of our functions is called in a way or place that is not understood,
// if parentheses do not match, or if there is more than one statement.
std::optional<Shape> read_shape(const Text& text);

// Lets every history whose ids the WHERE above it gives be looked up by those ids.
//
// Only where it is certain: the history is the one table of its SELECT, and `[alias.]query_id = '…'` (or the other way
// round, or IN a list; with placeholders) is one of the conditions that AND joins, with no OR beside it. The engine
// still applies the whole WHERE.
void push_ids_down(const Text& text, Shape& shape);

// If the WHERE of `select` is nothing but such an equality, its id.
std::optional<std::string> only_id(const Text& text, const Select& select, const TableCall& call);

}  // namespace coatcheck::scan
