#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "warehouse/snowflake/connector.hpp"
#include "warehouse/upstream/client.hpp"

namespace coatcheck::warehouse::snowflake {

// What is sent with each request to say who asks. Used on the loop's thread.
class Credentials {
 public:
  // `options` and `clock` must outlive this.
  explicit Credentials(const SnowflakeOptions& options, const Clock& clock = system_clock())
      : options_(options), clock_(clock) {}

  // Returns the headers of now. A JWT is made anew some minutes before it ends.
  Result<std::vector<upstream::Header>> headers();

  // Has a new JWT made, unless `headers`, which Snowflake has refused, are not those of now anymore.
  void refuse(const std::vector<upstream::Header>& headers);

 private:
  Result<std::string> jwt();

  const SnowflakeOptions& options_;
  const Clock& clock_;
  std::string jwt_;  // Empty if there is none.
  Timestamp jwt_until_{};
};

}  // namespace coatcheck::warehouse::snowflake
