// Random operations on the journal and on a map, which must agree; with restarts in between.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "journal/sqlite/journal_test_support.hpp"

namespace coatcheck::journal {
namespace {

using Model = std::map<QueryId, Entry>;

constexpr int steps = 1500;

std::vector<Entry> expected_replay(const Model& model) {
  std::vector<Entry> expected;
  for (const auto& [id, entry] : model) {
    if (!is_final(entry.state)) expected.push_back(entry);
  }
  for (auto at = model.rbegin(); at != model.rend(); ++at) {
    if (is_final(at->second.state)) expected.push_back(at->second);
  }
  return expected;
}

void compare(OpenJournal& journal, const Model& model) {
  std::vector<Entry> seen;
  ASSERT_TRUE(journal->replay(model.size() + 1, [&seen](Result<Entry> entry) { seen.push_back(*std::move(entry)); }));
  ASSERT_TRUE(seen == expected_replay(model));
}

Entry advanced(Entry entry, Event event, int now) {
  const auto reached = next(entry.state, event);
  if (!reached) return entry;
  entry.state = *reached;
  entry.version += 1;
  if (event == Event::started) entry.attempt += 1;
  if (event == Event::failed) entry.failure = Failure{.message = "step " + std::to_string(now)};
  if (event == Event::succeeded) entry.result = ResultSummary{.rows = 1, .expires_at = at_second(now + 50)};
  return entry;
}

void forget(OpenJournal& journal, Model& model, Timestamp before) {
  const auto may_go = [before](const auto& known) {
    const Entry& entry = known.second;
    return is_final(entry.state) && entry.submitted_at < before &&
           (!entry.result || entry.result_gone != ResultGone::no);
  };
  std::set<QueryId> expected;
  for (const auto& known : model) {
    if (may_go(known)) expected.insert(known.first);
  }
  std::erase_if(model, may_go);
  const std::vector<QueryId> forgotten = *journal(journal->forget(before, model.size() + expected.size() + 1));
  ASSERT_EQ(std::set(forgotten.begin(), forgotten.end()), expected);
}

void expire(OpenJournal& journal, Model& model, Timestamp now) {
  std::size_t expected = 0;
  for (const auto& [id, entry] : model) {
    expected += entry.result && entry.result_gone == ResultGone::no && entry.result->expires_at <= now;
  }
  const auto expired = journal(journal->expired_results(now, model.size() + 1));
  ASSERT_TRUE(expired);
  ASSERT_EQ(expired->size(), expected);
  for (const Entry& entry : *expired) {
    ASSERT_EQ(model.at(entry.id), entry);
    model[entry.id] = gone(entry);
    ASSERT_TRUE(journal(journal->record(gone(entry))));
  }
}

TEST(Model, random_operations_leave_the_journal_as_a_map_would_be) {
  const unsigned seed = 4711;
  std::mt19937 random(seed);
  const TestDirectory directory;
  auto journal = std::make_unique<OpenJournal>(directory.file());
  Model model;
  for (int step = 0; step != steps; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const auto choice = random() % 100;
    if (choice < 35 || model.empty()) {
      Entry entry = queued(at_second(step), "p" + std::to_string(random() % 3));
      if (random() % 2 == 0) entry.submission.idempotency_key = "key-" + std::to_string(random() % 40);
      const auto earlier = std::find_if(model.begin(), model.end(), [&entry](const auto& known) {
        return !entry.submission.idempotency_key.empty() &&
               known.second.submission.principal == entry.submission.principal &&
               known.second.submission.idempotency_key == entry.submission.idempotency_key;
      });
      const auto submitted = (*journal)((*journal)->submit(entry));
      ASSERT_TRUE(submitted);
      ASSERT_EQ(submitted->replayed, earlier != model.end());
      ASSERT_EQ(submitted->entry, submitted->replayed ? earlier->second : entry);
      if (!submitted->replayed) model[entry.id] = entry;
    } else if (choice < 92) {
      const auto known = std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
      const Entry changed = advanced(known->second, static_cast<Event>(random() % 6), step);
      const auto recorded = (*journal)((*journal)->record(changed));
      ASSERT_EQ(static_cast<bool>(recorded), changed.version != known->second.version);
      known->second = changed;
    } else if (choice < 95) {
      ASSERT_NO_FATAL_FAILURE(expire(*journal, model, at_second(step)));
    } else if (choice < 98) {
      ASSERT_NO_FATAL_FAILURE(forget(*journal, model, at_second(step - 100)));
    } else {
      journal.reset();
      journal = std::make_unique<OpenJournal>(directory.file());
      ASSERT_NO_FATAL_FAILURE(compare(*journal, model));
    }
  }
  compare(*journal, model);
}

}  // namespace
}  // namespace coatcheck::journal
