#include "scan/rewriting.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace coatcheck::scan {

namespace {

bool is_inside(const Bytes& bytes, const Recognized& recognized) {
  return std::ranges::any_of(recognized.references, [&](const Reference& reference) {
    return reference.bytes.begin <= bytes.begin && bytes.end <= reference.bytes.end;
  });
}

// Which of the parameters the engine still needs, by their old places.
std::vector<std::size_t> kept(const std::vector<Parameter>& parameters, const Recognized& recognized) {
  std::set<std::size_t> dropped;
  std::set<std::size_t> needed;
  for (const auto& placeholder : recognized.placeholders) {
    (is_inside(placeholder.bytes, recognized) ? dropped : needed).insert(placeholder.parameter);
  }
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!dropped.contains(i) || needed.contains(i)) places.push_back(i);
  }
  return places;
}

// An alias that no other of these tables has, so that two of them can be joined.
std::string alias(const Reference& reference, std::size_t place) {
  std::string name = std::holds_alternative<ResultCall>(reference.call) ? "RESULT_SCAN" : "QUERY_HISTORY";
  if (place > 0) name += "_" + std::to_string(place);
  return " AS \"" + name + "\"";
}

}  // namespace

Rewritten::Rewritten(const Statement& statement, const Recognized& recognized, const std::vector<std::string>& names) {
  struct Change {
    Bytes bytes;
    std::string text;
  };
  std::vector<Change> changes;
  for (std::size_t i = 0; i < recognized.references.size(); ++i) {
    const auto& reference = recognized.references[i];
    std::string text = "coatcheck_rows('" + names[i] + "')";
    if (!reference.has_alias) text += alias(reference, i);
    changes.push_back({.bytes = reference.bytes, .text = std::move(text)});
  }
  const auto places = kept(statement.parameters, recognized);
  for (const auto place : places) statement_.parameters.push_back(statement.parameters[place]);
  for (const auto& placeholder : recognized.placeholders) {
    const auto found = std::ranges::find(places, placeholder.parameter);
    if (!placeholder.numbered || found == places.end() || !statement.parameters[*found].name.empty()) continue;
    if (is_inside(placeholder.bytes, recognized)) continue;
    changes.push_back({.bytes = placeholder.bytes, .text = "$" + std::to_string(found - places.begin() + 1)});
  }
  std::ranges::sort(changes, std::less(), [](const Change& change) { return change.bytes.begin; });
  for (const auto& change : changes) replace(statement.text, change.bytes, change.text);
  statement_.text += std::string_view(statement.text).substr(copied_);
}

void Rewritten::replace(std::string_view old, Bytes bytes, const std::string& text) {
  statement_.text += old.substr(copied_, bytes.begin - copied_);
  const auto begin = statement_.text.size();
  statement_.text += text;
  edits_.push_back({.begin = begin, .end = statement_.text.size(), .old = bytes});
  copied_ = bytes.end;
}

std::uint64_t Rewritten::old_position(std::uint64_t position) const {
  const auto after = std::ranges::upper_bound(edits_, position, std::less(), &Edit::begin);
  if (after == edits_.begin()) return position;
  const auto& edit = *std::prev(after);
  return position < edit.end ? edit.old.begin : position - edit.end + edit.old.end;
}

}  // namespace coatcheck::scan
