#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "journal/sqlite/journal_test_support.hpp"
#include "journal/sqlite/reader.hpp"

namespace coatcheck::journal {
namespace {

constexpr std::size_t entries_count = 3000;

async::Task<> submit_all(Journal& journal, std::vector<Entry> entries) {
  for (Entry& entry : entries) {
    const std::uint64_t version = entry.version;
    entry.version = 1;
    const auto submitted = co_await journal.submit(entry);
    EXPECT_TRUE(submitted);
    entry.version = version;
    // A state that is not the first is recorded as an update, so that the indexes have had to move.
    if (version == 2) journal.note(entry);
  }
}

// Entries of few principals, warehouses and tags in all states; submitted_at mostly but not always near
// the time in the id, as after a clock was set.
std::vector<Entry> many_entries(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::vector<Entry> entries;
  for (std::size_t i = 0; i != entries_count; ++i) {
    Entry entry = queued(at_second(static_cast<std::int64_t>(i)), "principal-" + std::to_string(below(4)));
    if (i % 500 == 7) entry.submitted_at -= std::chrono::hours(1 + below(48));
    entry.submission.warehouse = below(10) == 0 ? "rare" : "main";
    if (below(2) == 0) entry.submission.query_tag = "tag-" + std::to_string(below(3));
    entry.state = static_cast<State>(below(6));
    entry.version = entry.state == State::queued ? 1 : 2;
    entries.push_back(entry);
  }
  return entries;
}

bool wanted(const HistoryFilter& filter, const Entry& entry) {
  return (filter.principal.empty() || filter.principal == entry.submission.principal) &&
         (filter.warehouse.empty() || filter.warehouse == entry.submission.warehouse) &&
         (filter.query_tag.empty() || filter.query_tag == entry.submission.query_tag) &&
         (filter.states.empty() || std::count(filter.states.begin(), filter.states.end(), entry.state) != 0) &&
         (!filter.since || entry.submitted_at >= *filter.since) &&
         (!filter.until || entry.submitted_at < *filter.until);
}

std::vector<HistoryFilter> all_filters() {
  std::vector<HistoryFilter> filters;
  for (const char* principal : {"", "principal-2", "nobody"}) {
    for (const std::vector<State>& states :
         {std::vector<State>{}, {State::failed}, {State::succeeded, State::queued, State::canceled, State::queued}}) {
      for (const char* warehouse : {"", "rare"}) {
        for (const char* tag : {"", "tag-1"}) {
          for (const auto& [since, until] : {std::pair(-1, -1), {100, -1}, {-1, 2500}, {1000, 1200}, {1200, 1000}}) {
            HistoryFilter filter{.principal = principal,
                                 .states = states,
                                 .warehouse = warehouse,
                                 .query_tag = tag,
                                 .since = std::nullopt,
                                 .until = std::nullopt};
            if (since >= 0) filter.since = at_second(since);
            if (until >= 0) filter.until = at_second(until);
            filters.push_back(std::move(filter));
          }
        }
      }
    }
  }
  return filters;
}

TEST(History, every_filter_and_page_size_gives_what_looking_at_all_entries_gives) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  std::vector<Entry> entries = many_entries(20261122);
  run(journal.loop(), submit_all(*journal, entries));
  ASSERT_EQ(journal->counters().lost_notes, 0U);
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return b.id < a.id; });

  for (const HistoryFilter& filter : all_filters()) {
    std::vector<Entry> expected;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(expected),
                 [&filter](const Entry& entry) { return wanted(filter, entry); });
    for (const std::size_t limit : {std::max<std::size_t>(expected.size() / 3, 1), expected.size() + 1}) {
      std::vector<Entry> seen;
      std::optional<QueryId> from;
      do {
        auto page = journal(journal->history(filter, from, limit));
        ASSERT_TRUE(page);
        ASSERT_LE(page->entries.size(), limit);
        if (page->next) {
          ASSERT_EQ(page->entries.size(), limit) << "only the last page is short";
        }
        if (from) {
          ASSERT_EQ(page->entries.front().id, *from);
        }
        from = page->next;
        seen.insert(seen.end(), page->entries.begin(), page->entries.end());
      } while (from);
      ASSERT_TRUE(seen == expected) << filter.principal << "/" << filter.states.size() << "/" << filter.warehouse << "/"
                                    << filter.query_tag << " limit " << limit;
    }
  }
}

TEST(History, what_others_have_does_not_lengthen_a_search) {
  const TestDirectory directory;
  Entry oldest = queued(at_second(0), "alice");
  oldest.submission.query_tag = "t";
  {
    OpenJournal journal(directory.file());
    std::vector<Entry> entries = {oldest};
    for (int i = 1; i != 50; ++i) {
      entries.push_back(queued(at_second(i), "bob"));
      entries.back().submission.query_tag = i % 2 == 0 ? "t" : "";
    }
    run(journal.loop(), submit_all(*journal, entries));
  }
  auto reader = sqlite::Reader::open(*sqlite::Database::open(directory.file(), ""));
  ASSERT_TRUE(reader);
  for (const HistoryFilter& filter : {HistoryFilter{.principal = "alice"}, {.principal = "alice", .query_tag = "t"}}) {
    const auto slice = reader->history(filter, std::nullopt, 10, 1);
    ASSERT_TRUE(slice);
    EXPECT_EQ(slice->page.entries, std::vector{oldest}) << filter.query_tag;
    EXPECT_FALSE(slice->resume) << "it has looked at more than one";
  }
}

TEST(History, a_search_longer_than_a_slice_finds_what_is_at_its_far_end) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  std::vector<Entry> entries;
  for (int i = 0; i != 20'050; ++i) entries.push_back(queued(at_second(i)));
  for (const std::size_t far : {0U, 1U, 2U}) entries[far].submission.warehouse = "rare";
  async::asio::co_spawn(journal.loop(), submit_all(*journal, {entries.begin(), entries.begin() + 3}),
                        [](std::exception_ptr) {});
  journal.loop().run();
  // Many at once: what is in flight together shares its commits.
  std::vector<Entry> rest(entries.begin() + 3, entries.end());
  for (Entry& entry : rest) {
    async::asio::co_spawn(journal.loop(), journal->submit(std::move(entry)),
                          [](std::exception_ptr, Result<Journal::Submitted> submitted) { EXPECT_TRUE(submitted); });
  }
  journal.loop().restart();
  journal.loop().run();

  HistoryFilter filter;
  filter.warehouse = "rare";
  const auto page = journal(journal->history(filter, std::nullopt, 2));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->entries, (std::vector<Entry>{entries[2], entries[1]}));
  EXPECT_EQ(page->next, entries[0].id);
}

}  // namespace
}  // namespace coatcheck::journal
