#include "client/claim.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

#include "client/human.hpp"
#include "client/output.hpp"
#include "client/problem.hpp"
#include "client/query_view.hpp"
#include "client/rows_reader.hpp"
#include "client/session.hpp"
#include "client/table.hpp"
#include "client/terminal.hpp"
#include "client/url.hpp"

namespace coatcheck::client {

namespace {

constexpr std::uint64_t table_rows_default = 40;
constexpr std::uint64_t table_rows_max = 100'000;

struct Ending {
  std::string_view ending;
  std::string_view format;
};
constexpr std::array<Ending, 8> endings = {{{".csv", "csv"},
                                            {".json", "json"},
                                            {".ndjson", "ndjson"},
                                            {".jsonl", "ndjson"},
                                            {".arrow", "arrow"},
                                            {".arrows", "arrow"},
                                            {".parquet", "parquet"},
                                            {".txt", "table"}}};

bool is_standard_output(std::string_view output) { return output.empty() || output == "-"; }

std::string target(const std::string& id, const ClaimAsked& asked, std::string_view format) {
  return with_parameters(query_path(id, "/result"), {{"format", std::string(format)},
                                                     {"offset", asked.offset == 0 ? "" : std::to_string(asked.offset)},
                                                     {"limit", asked.limit ? std::to_string(*asked.limit) : ""}});
}

// There is no result: says why.
Outcome<ExitCode> explain(HttpClient& http, const std::string& id, const HttpResponse& response) {
  if (response.status == 202) {
    auto query = parse_query(response.body);
    if (!query) return std::move(query).error();
    return Trouble{ExitCode::not_ended, fmt::format("the query is still {}, there is no result yet", query->status),
                   "wait for it with: coatcheck wait " + id};
  }
  if (response.status == 409 || response.status == 422 || response.status == 502) {
    // The status has the statement too, to show the place in it.
    auto query = fetch_query(http, id);
    if (query && query->error) {
      const Stream stream = look_at(2);
      print_error(failure_text(*query, stream.width, stream.style));
      return ExitCode::query_failed;
    }
  }
  return trouble_of(response, id);
}

std::string rows_left_hint(const std::string& id, std::uint64_t shown_to, std::uint64_t total) {
  if (total <= shown_to) return {};
  return fmt::format("… {} more rows: coatcheck result {} --output result.csv\n", grouped(total - shown_to), id);
}

Outcome<ExitCode> claim_table(HttpClient& http, const std::string& id, ClaimAsked asked) {
  asked.limit = std::min(asked.limit.value_or(table_rows_default), table_rows_max);
  RowsReader reader(static_cast<std::size_t>(*asked.limit));
  auto response =
      http.send({.target = target(id, asked, "rows")}, [&](std::string_view piece) { return reader.feed(piece); });
  if (!response) return std::move(response).error();
  if (response->status != 200) return explain(http, id, *response);
  auto rows = reader.finish();
  if (!rows) return std::move(rows).error();

  const Stream stream = look_at(1);
  const bool on_terminal = is_standard_output(asked.output) && stream.is_terminal;
  const Table table =
      draw_table(*rows, on_terminal ? stream.width : unlimited_width, on_terminal ? stream.style : Style{});
  auto output = Output::open(asked.output);
  if (!output) return std::move(output).error();
  if (auto written = output->write(table.text); !written && output->has_reader()) return std::move(written).error();
  if (auto committed = output->commit(); !committed) return std::move(committed).error();

  std::uint64_t total = rows->rows.size();
  const std::string said = response->field("coatcheck-total-rows");
  std::from_chars(said.data(), said.data() + said.size(), total);
  std::string hints = fmt::format("{} row{}", grouped(total), total == 1 ? "" : "s");
  if (table.hidden_columns > 0) {
    hints += fmt::format(", {} column{} not shown", table.hidden_columns, table.hidden_columns == 1 ? "" : "s");
  }
  hints += '\n' + rows_left_hint(id, asked.offset + rows->rows.size(), total);
  print_error(look_at(2).style.dim(hints));
  return ExitCode::ok;
}

// Opens the output only when the server has a result to write.
Outcome<ExitCode> claim_stream(HttpClient& http, const std::string& id, const ClaimAsked& asked,
                               std::string_view format) {
  std::optional<Output> output;
  std::uint64_t bytes = 0;
  const auto open_output = [&]() -> Outcome<void> {
    if (output) return Outcome<void>::ok();
    auto opened = Output::open(asked.output);
    if (!opened) return std::move(opened).error();
    output.emplace(*std::move(opened));
    return Outcome<void>::ok();
  };
  const auto sink = [&](std::string_view piece) -> Outcome<void> {
    if (auto opened = open_output(); !opened) return opened;
    bytes += piece.size();
    return output->write(piece);
  };
  auto response = http.send({.target = target(id, asked, format)}, sink);
  if (!response && output && !output->has_reader()) return ExitCode::ok;  // `| head` has seen enough.
  if (!response) return std::move(response).error();
  if (response->status != 200) return explain(http, id, *response);
  if (auto opened = open_output(); !opened) return std::move(opened).error();
  if (auto committed = output->commit(); !committed) return std::move(committed).error();

  const Stream stream = look_at(2);
  if (is_standard_output(asked.output)) {
    if (look_at(1).is_terminal && format != "csv" && format != "ndjson") print("\n");
  } else if (stream.is_terminal) {
    print_error(stream.style.dim(fmt::format("{}: {} bytes\n", asked.output, grouped(bytes))));
  }
  return ExitCode::ok;
}

}  // namespace

Outcome<std::string> chosen_format(const ClaimAsked& asked, bool to_terminal) {
  const bool to_file = !is_standard_output(asked.output);
  if (!asked.format.empty()) {
    const bool binary = asked.format == "arrow" || asked.format == "parquet";
    if (binary && to_terminal && !to_file) {
      return Trouble{ExitCode::usage, fmt::format("{} is not for a terminal to show", asked.format),
                     fmt::format("write it to a file: --output FILE.{}", asked.format)};
    }
    return asked.format;
  }
  if (!to_file) return std::string(to_terminal ? "table" : "csv");
  const std::string extension = std::filesystem::path(asked.output).extension().string();
  for (const Ending& known : endings) {
    if (extension == known.ending) return std::string(known.format);
  }
  return std::string("csv");
}

Outcome<ExitCode> claim(HttpClient& http, const std::string& id, const ClaimAsked& asked) {
  auto format = chosen_format(asked, look_at(1).is_terminal);
  if (!format) return std::move(format).error();
  return *format == "table" ? claim_table(http, id, asked) : claim_stream(http, id, asked, *format);
}

}  // namespace coatcheck::client
