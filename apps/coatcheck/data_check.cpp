#include "data_check.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "journal/inspection.hpp"
#include "results/inspection.hpp"

namespace coatcheck {

namespace {

namespace fs = std::filesystem;

// A running server removes a file soon after it has recorded that nobody wants it: so long it is looked at again.
constexpr std::chrono::seconds removal_takes_at_most{5};
constexpr std::chrono::milliseconds between_looks{50};

std::string words(const Error& error) { return error.detail.empty() ? error.message : error.detail; }

// Whether a result's file, whole or being written, may lie there for this query: the next start would keep it, or make
// something of it.
bool may_have_file(const std::optional<journal::Entry>& entry) {
  return entry && (!journal::is_final(entry->state) || journal::has_result(*entry));
}

class Check {
 public:
  Check(const fs::path& directory, journal::Inspection& journal, const std::function<void(const std::string&)>& problem)
      : results_(directory / "results"), journal_(journal), problem_(problem) {}

  Result<CheckedData> run() {
    for (const std::string& line : journal_.structure()) report("the journal: " + line);
    journal_.visit(
        [this](const journal::Entry& entry) {
          ++checked_.queries;
          if (journal::has_result(entry)) check_result(entry);
        },
        [this](const std::string& line) {
          ++checked_.queries;
          report("the journal: " + line);
        });
    if (auto looked = look_for_leftovers(); !looked) return std::move(looked).error();
    return checked_;
  }

 private:
  void report(const std::string& line) {
    ++checked_.problems;
    problem_(line);
  }

  void report(const QueryId& query, std::string_view what) {
    report(fmt::format("query {}: {}", query.to_string(), what));
  }

  // The entry is what it was when it was read; the server may have let the result go since.
  bool is_still_wanted(const QueryId& query) {
    const auto now = journal_.find(query);
    return now && *now && journal::has_result(**now);
  }

  void check_result(const journal::Entry& entry) {
    const auto reader = results::open_result(results_, entry.id, disk());
    if (!reader && reader.error().code == Errc::not_found) {
      if (!entry.result->kept_by_warehouse && is_still_wanted(entry.id))
        report(entry.id, fmt::format("its result is not there: {}", results::sealed_path(results_, entry.id).string()));
      return;
    }
    if (!reader) return report(entry.id, fmt::format("its result: {}", words(reader.error())));
    const results::Manifest& manifest = (*reader)->manifest();
    ++checked_.results;
    checked_.bytes += manifest.bytes;
    check_summary(entry, manifest);
    for (std::size_t n = 0; n != manifest.chunks.size(); ++n) check_chunk(entry.id, **reader, n);
  }

  void check_summary(const journal::Entry& entry, const results::Manifest& manifest) {
    const journal::ResultSummary& summary = *entry.result;
    if (summary.kept_by_warehouse) return;  // Sealed since, and the journal is about to say so.
    if (summary.rows == manifest.rows && summary.chunks == manifest.chunks.size() && summary.bytes == manifest.bytes &&
        summary.truncated == manifest.truncated)
      return;
    report(entry.id,
           fmt::format("its result has {} rows in {} chunks and {} bytes, and the journal says {} in {} and {}",
                       manifest.rows, manifest.chunks.size(), manifest.bytes, summary.rows, summary.chunks,
                       summary.bytes));
  }

  void check_chunk(const QueryId& query, const results::Reader& reader, std::size_t n) {
    ++checked_.chunks;
    const auto good = reader.verify(n);
    if (good) return;
    const results::Chunk& chunk = reader.manifest().chunks[n];
    report(query,
           fmt::format("chunk {} of {} (rows {} to {}, bytes {} to {} of {}): {}", n, reader.manifest().chunks.size(),
                       chunk.first_row, chunk.first_row + chunk.rows - 1, chunk.offset, chunk.offset + chunk.bytes - 1,
                       results::sealed_path(results_, query).string(), words(good.error())));
  }

  struct Leftover {
    QueryId query;
    fs::path path;
  };

  Result<void> look_for_leftovers() {
    std::vector<Leftover> suspects;
    auto visited = results::visit_files(results_, disk(), [&](const auto& named, const fs::path& path, std::uint64_t) {
      const auto entry = journal_.find(named.query);
      if (entry && !may_have_file(*entry)) suspects.push_back({named.query, path});
    });
    if (!visited || suspects.empty()) return visited;
    const auto enough = std::chrono::steady_clock::now() + removal_takes_at_most;
    const auto is_settled = [this](const Leftover& suspect) {
      std::error_code none;
      const auto entry = journal_.find(suspect.query);
      return !entry || may_have_file(*entry) || !fs::exists(suspect.path, none);
    };
    std::erase_if(suspects, is_settled);
    while (!suspects.empty() && std::chrono::steady_clock::now() < enough) {
      std::this_thread::sleep_for(between_looks);
      std::erase_if(suspects, is_settled);
    }
    for (const Leftover& suspect : suspects) {
      report(suspect.query, fmt::format("nobody wants {}; the server's next start removes it", suspect.path.string()));
    }
    return Result<void>::ok();
  }

  const fs::path results_;
  journal::Inspection& journal_;
  const std::function<void(const std::string&)>& problem_;
  CheckedData checked_;
};

}  // namespace

Result<CheckedData> check_data(const fs::path& directory, const std::function<void(const std::string&)>& problem) {
  const auto journal = journal::Inspection::open(directory / "journal.db");
  if (!journal) return journal.error();
  return Check(directory, **journal, problem).run();
}

}  // namespace coatcheck
