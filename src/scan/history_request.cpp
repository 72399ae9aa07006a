#include "scan/history_request.hpp"

#include <algorithm>
#include <string_view>

namespace coatcheck::scan {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace

bool lets_through(const HistoryRequest& request, const journal::Entry& entry) {
  const auto& submission = entry.submission;
  if (request.end_until && (!entry.ended_at || *entry.ended_at > *request.end_until)) return false;
  if (request.end_from && entry.ended_at && *entry.ended_at < *request.end_from) return false;
  if (request.user && !equal_ignoring_case(*request.user, submission.principal)) return false;
  if (request.warehouse && !equal_ignoring_case(*request.warehouse, submission.warehouse)) return false;
  return !request.session || *request.session == submission.session;
}

}  // namespace coatcheck::scan
