#include "warehouse/snowflake/submission.hpp"

#include <utility>

#include "warehouse/snowflake/answer.hpp"
#include "warehouse/snowflake/errors.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

using Next = Submission::Next;

Submission judge_trouble(const Trouble& trouble) {
  return {.next = trouble.passing ? Next::again : Next::refused,
          .failure = trouble.failure,
          .about_us = trouble.never_arrived,
          .uncertain = !trouble.never_arrived};
}

}  // namespace

Submission judge_submission(const Exchanged& exchanged, std::string_view statement) {
  if (!exchanged) return judge_trouble(exchanged.error());
  const auto& response = *exchanged;
  auto answer = read_answer(response.body);
  if (response.status == 422) return {.failure = read_error(answer.words, statement)};
  const bool may_be_taken =
      response.status == 200 || response.status == 202 || response.status == 408 || is_passing(response.status);
  if (may_be_taken && !answer.handle.empty()) return {.next = Next::taken, .handle = std::move(answer.handle)};
  if (response.status == 408 || is_passing(response.status)) {
    return {.next = Next::again,
            .failure = refusal(response),
            .uncertain = response.status != 429,
            .after = retry_after(response)};
  }
  if (may_be_taken) return {.failure = not_understood("no handle of the statement"), .uncertain = true};
  return {.failure = refusal(response), .about_us = response.status == 401 || response.status == 403};
}

}  // namespace coatcheck::warehouse::snowflake
