#include "client/history_view.hpp"

#include "client/human.hpp"
#include "client/width.hpp"

namespace coatcheck::client {

namespace {

constexpr std::size_t id_width = 36;
constexpr std::size_t status_width = 9;
constexpr std::size_t time_width = 19;
constexpr std::size_t duration_width = 11;
constexpr std::size_t rows_width = 13;
constexpr std::size_t gap = 2;
constexpr std::size_t narrow_fixed_width = id_width + status_width + duration_width + 3 * gap;
constexpr std::size_t fixed_width = narrow_fixed_width + time_width + rows_width + 2 * gap;
constexpr std::size_t statement_width_min = 16;

bool is_narrow(std::size_t width) { return width < fixed_width + statement_width_min; }

std::size_t statement_width(std::size_t width) {
  const std::size_t fixed = is_narrow(width) ? narrow_fixed_width : fixed_width;
  return width > fixed + statement_width_min ? width - fixed : statement_width_min;
}

std::string column(std::string_view text, std::size_t width, Align align) { return padded(text, width, align) + "  "; }

}  // namespace

std::string history_head(std::size_t width, Style style) {
  std::string line = column("id", id_width, Align::left) + column("status", status_width, Align::left);
  if (!is_narrow(width)) line += column("submitted", time_width, Align::left);
  line += column("duration", duration_width, Align::right);
  if (!is_narrow(width)) line += column("rows", rows_width, Align::right);
  return style.bold(line + "statement") + "\n";
}

std::string history_line(const QueryView& query, Timestamp now, std::size_t width, Style style) {
  const auto duration = duration_of(query, now);
  std::string line = column(visible(query.id), id_width, Align::left);
  line += dressed_status(query, column(visible(query.status), status_width, Align::left), style);
  if (!is_narrow(width))
    line += column(query.submitted_at ? local_time(*query.submitted_at) : "", time_width, Align::left);
  line += column(duration ? human_duration(*duration) : "", duration_width, Align::right);
  if (!is_narrow(width)) line += column(query.result ? grouped(query.result->rows) : "", rows_width, Align::right);
  return line + cut(one_line(query.statement), statement_width(width)) + "\n";
}

}  // namespace coatcheck::client
