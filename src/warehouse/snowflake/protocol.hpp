#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/failure.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "warehouse/snowflake/connector.hpp"
#include "warehouse/snowflake/credentials.hpp"
#include "warehouse/upstream/client.hpp"

namespace coatcheck::warehouse::snowflake {

// Why a request got no answer.
struct Trouble {
  Failure failure = {};
  bool passing = false;        // The same request may do better later.
  bool never_arrived = false;  // Snowflake has certainly not seen it.
};

// An answer of any status, or why there is none.
using Exchanged = Result<upstream::Response, Trouble>;

// Snowflake's SQL API, request by request, with credentials: they are renewed, and the request sent again, when
// Snowflake refuses them. Nothing else is tried again here. Used on the loop's thread.
//
// The tasks keep it alive; stop() ends what is under way, and must be called before the last owner on the outside lets
// go.
class Protocol : public std::enable_shared_from_this<Protocol> {
 public:
  explicit Protocol(SnowflakeOptions options);

  // Requests under way, and all later ones, end without an answer.
  void stop();
  bool has_stopped() const { return client_ == nullptr; }

  // Hands the statement over, to run without us. With `again` it is a repetition, which Snowflake does not run twice.
  async::Task<Exchanged> submit(std::string body, QueryId query, bool again);
  // Asks how it is; when it has succeeded, the answer is its result, with the first partition.
  async::Task<Exchanged> status(std::string_view handle);
  async::Task<Exchanged> partition(std::string_view handle, std::size_t index);
  async::Task<Exchanged> cancel(std::string_view handle);
  // Runs a statement of our own that only reads, and waits for its result.
  async::Task<Exchanged> run_own(std::string_view statement);

  const SnowflakeOptions& options() const { return options_; }

  // Runs `work` on a thread; nothing, that is a default-made outcome, after stop().
  template <class Work>
  async::Task<std::invoke_result_t<Work&>> compute(Work work) {
    return compute_with(shared_from_this(), std::move(work));
  }

 private:
  static async::Task<Exchanged> exchange(std::shared_ptr<Protocol> self, upstream::Request request);
  upstream::Request request(std::string method, std::string_view path, std::string body = {}) const;

  template <class Work>
  static async::Task<std::invoke_result_t<Work&>> compute_with(std::shared_ptr<Protocol> self, Work work) {
    if (self->pool_ == nullptr) co_return std::invoke_result_t<Work&>();
    co_return co_await self->pool_->run(std::move(work));
  }

  const SnowflakeOptions options_;
  Credentials credentials_;
  std::unique_ptr<upstream::Client> client_;
  std::unique_ptr<async::Pool> pool_;
};

// Whether a status says that the same request may do better later.
bool is_passing(int status);

// What Retry-After says, if it is a number of seconds; five minutes at most.
std::optional<std::chrono::milliseconds> retry_after(const upstream::Response& response);

// What a status says that is about us and not about a statement: credentials, limits, a server that is no Snowflake.
Failure refusal(const upstream::Response& response);

}  // namespace coatcheck::warehouse::snowflake
