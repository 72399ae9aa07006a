#include "http/range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "http/etag.hpp"
#include "http/field_text.hpp"
#include "http/problem.hpp"

namespace coatcheck::http {

namespace {

// Digits only; a number too large to hold is as good as the largest.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{}) return std::numeric_limits<std::uint64_t>::max();
  return value;
}

std::uint64_t length_of(const Segment& segment) {
  const auto* text = std::get_if<std::string>(&segment);
  return text != nullptr ? text->size() : std::get<FileSlice>(segment).bytes;
}

std::vector<Segment> cut(std::vector<Segment> segments, std::uint64_t first, std::uint64_t bytes) {
  std::vector<Segment> kept;
  for (Segment& segment : segments) {
    const std::uint64_t length = length_of(segment);
    const std::uint64_t skipped = std::min(first, length);
    const std::uint64_t taken = std::min(length - skipped, bytes);
    first -= skipped;
    bytes -= taken;
    if (taken == 0) continue;
    if (auto* text = std::get_if<std::string>(&segment)) {
      kept.emplace_back(text->substr(static_cast<std::size_t>(skipped), static_cast<std::size_t>(taken)));
    } else {
      FileSlice slice = std::get<FileSlice>(std::move(segment));
      slice.offset += skipped;
      slice.bytes = taken;
      kept.emplace_back(std::move(slice));
    }
  }
  return kept;
}

}  // namespace

RangeAnswer parse_range(std::string_view range, std::uint64_t body_bytes) {
  const auto equals = range.find('=');
  if (equals == std::string_view::npos || !equal_without_case(trim(range.substr(0, equals)), "bytes")) return {};
  const std::string_view spec = trim(range.substr(equals + 1));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return {};
  const auto last = parse_position(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return {};
    if (*last == 0 || body_bytes == 0) return {.kind = RangeAnswer::Kind::unsatisfiable};
    const std::uint64_t bytes = std::min(*last, body_bytes);
    return {.kind = RangeAnswer::Kind::part, .first = body_bytes - bytes, .bytes = bytes};
  }
  const auto first = parse_position(spec.substr(0, dash));
  if (!first || (!last && dash + 1 != spec.size()) || (last && *last < *first)) return {};
  if (*first >= body_bytes) return {.kind = RangeAnswer::Kind::unsatisfiable};
  const std::uint64_t end = last ? std::min(*last, body_bytes - 1) : body_bytes - 1;
  return {.kind = RangeAnswer::Kind::part, .first = *first, .bytes = end - *first + 1};
}

void apply_range(const Request& request, std::string_view etag, Response& response) {
  auto* text = std::get_if<std::string>(&response.body);
  auto* segments = std::get_if<std::vector<Segment>>(&response.body);
  if (response.status != 200 || (text == nullptr && segments == nullptr)) return;
  response.fields.push_back({"Accept-Ranges", "bytes"});
  if (request.verb != Verb::get || !request.has("Range")) return;
  if (request.has("If-Range") && !same_strong_etag(request.field("If-Range"), etag)) return;

  std::uint64_t total = 0;
  if (text != nullptr) total = text->size();
  if (segments != nullptr) {
    for (const Segment& segment : *segments) total += length_of(segment);
  }
  const RangeAnswer answer = parse_range(request.field("Range"), total);
  switch (answer.kind) {
    case RangeAnswer::Kind::whole: return;
    case RangeAnswer::Kind::unsatisfiable:
      response = to_response({.status = 416, .title = std::string(reason(416))},
                             {{"Content-Range", fmt::format("bytes */{}", total)}});
      return;
    case RangeAnswer::Kind::part: break;
  }
  response.status = 206;
  response.fields.push_back(
      {"Content-Range", fmt::format("bytes {}-{}/{}", answer.first, answer.first + answer.bytes - 1, total)});
  if (text != nullptr) {
    *text = text->substr(static_cast<std::size_t>(answer.first), static_cast<std::size_t>(answer.bytes));
  } else {
    *segments = cut(std::move(*segments), answer.first, answer.bytes);
  }
}

}  // namespace coatcheck::http
