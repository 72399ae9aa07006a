#include "warehouse/snowflake/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

#include "warehouse/snowflake/cells.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

using namespace std::chrono_literals;

// How much Snowflake's clock may be behind ours.
constexpr auto skew = 5min;
// The function refuses what is further back than seven days.
constexpr auto reach = std::chrono::hours(7 * 24 - 1);

constexpr std::array unfinished = {
    "RUNNING", "QUEUED", "BLOCKED", "RESUMING_WAREHOUSE", "QUEUED_REPARING_WAREHOUSE", "QUEUED_REPAIRING_WAREHOUSE"};

class HistoryReader final : public CellReader {
 public:
  bool begin_row() override {
    at_ = 0;
    return true;
  }
  bool cell(std::optional<std::string_view> text) override {
    if (at_ == 0) handle_ = text.value_or("");
    if (at_ == 1) ended_ = std::ranges::find(unfinished, text.value_or("RUNNING")) == unfinished.end();
    ++at_;
    return true;
  }
  bool end_row() override {
    if (at_ < 2) return false;
    states[handle_] = ended_;
    return true;
  }

  std::map<std::string, bool> states;

 private:
  std::size_t at_ = 0;
  std::string handle_;
  bool ended_ = false;
};

}  // namespace

std::string history_statement(Timestamp begin, Timestamp now) {
  const auto from = std::chrono::floor<std::chrono::seconds>(std::max(begin - skew, now - reach));
  return fmt::format(
      "select query_id, execution_status, error_code, error_message from table(information_schema.query_history("
      "end_time_range_start => to_timestamp_ltz({}), result_limit => 10000))",
      from.time_since_epoch().count());
}

std::optional<std::map<std::string, bool>> read_history(std::string_view body) {
  HistoryReader reader;
  if (!read_cells(body, reader)) return std::nullopt;
  return std::move(reader.states);
}

}  // namespace coatcheck::warehouse::snowflake
