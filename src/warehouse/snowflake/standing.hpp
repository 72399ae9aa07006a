#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "base/failure.hpp"

namespace coatcheck::warehouse::snowflake {

// Whether Snowflake answers for statements that run there, as it turns out when it is asked: nobody else would hear
// that it does not, for such a statement goes on and is asked about again. Used on the loop's thread.
class Standing {
 public:
  using Told = std::function<void(const std::optional<Failure>&)>;

  // Has `told` called with each trouble from the one on that counts, and with nothing when an answer is good again.
  void tell(Told told) { told_ = std::move(told); }

  // What does not pass by itself counts at once, as credentials that are wrong; else the third in a row.
  void trouble(const Failure& failure);
  void good();

 private:
  Told told_;
  int in_a_row_ = 0;
  bool is_bad_ = false;
};

}  // namespace coatcheck::warehouse::snowflake
