#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "warehouse/snowflake/protocol.hpp"

namespace coatcheck::warehouse::snowflake {

// What the answer to a submission means.
struct Submission {
  enum class Next { taken, refused, again };
  Next next = Next::refused;
  std::string handle = {};                              // If it is taken.
  Failure failure = {};                                 // If it is not.
  bool about_us = false;                                // It is us that was refused, not the statement.
  bool uncertain = false;                               // It may have been taken all the same.
  std::optional<std::chrono::milliseconds> after = {};  // When to send it again, if Snowflake says.
};

Submission judge_submission(const Exchanged& exchanged, std::string_view statement);

}  // namespace coatcheck::warehouse::snowflake
