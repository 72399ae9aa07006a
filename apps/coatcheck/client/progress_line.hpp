#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "client/query_view.hpp"
#include "client/terminal.hpp"

namespace coatcheck::client {

// What is told while a query is waited for.
struct Progress {
  std::string phase;  // "queued", "running", "canceling", "no connection, trying again".
  std::chrono::milliseconds elapsed{0};
  std::optional<double> done;  // From 0 to 1.
  std::string remark;          // "3 queries before it, 8 of 8 places are taken"; may be empty.
};

Progress progress_of(const QueryView& query, std::chrono::milliseconds elapsed);

// Returns one line of `width` columns at most, without a line end: "⠹ running 12.3 s  ━━━━━━━──── 48 %".
// `frame` counts up and turns the wheel.
std::string format_progress(const Progress& progress, std::size_t frame, std::size_t width, Style style);

// The one line on standard error that is drawn over and over, and is gone when this is. Draws nothing where
// standard error is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(Stream stream) : stream_(stream) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }

  void draw(const Progress& progress);
  void clear();

 private:
  Stream stream_;
  std::size_t frame_ = 0;
  bool is_drawn_ = false;
};

}  // namespace coatcheck::client
