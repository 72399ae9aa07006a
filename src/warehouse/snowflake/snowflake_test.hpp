#pragma once

#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "warehouse/snowflake/connector.hpp"
#include "warehouse/testing/run_task.hpp"
#include "warehouse/upstream/testing/scripted_server.hpp"

namespace coatcheck::warehouse {

using Said = upstream::ScriptedServer::Response;
using Asked = upstream::ScriptedServer::Request;

// A Snowflake that answers as the test says, and knows what the published description of the API allows.
//
// Requests are called "SUBMIT", "OWN" (a statement of the connector's own), "STATUS h", "PARTITION h 1" and "CANCEL h".
class ScriptedSnowflake {
 public:
  // Sets the answers to one kind of request, in turn; the last one stays.
  void on(const std::string& what, std::vector<Said> answers);
  void on(const std::string& what, Said answer) { on(what, std::vector{std::move(answer)}); }

  static Said running(const std::string& handle);
  // A ResultSet: `columns` and `rows` in JSON, and how many rows each partition has.
  static Said result(const std::string& columns, const std::string& rows, const std::vector<int>& partitions);
  static Said partition(const std::string& rows);
  static Said error(int status, const std::string& code, const std::string& sqlstate, const std::string& message,
                    const std::string& handle = "");

  // What was asked, by name, and how often.
  std::vector<std::string> asked() const;
  std::ptrdiff_t count(const std::string& what) const { return std::ranges::count(asked(), what); }
  std::vector<Asked> requests() const { return server_->requests(); }
  Asked request(const std::string& what, std::size_t nth = 0) const;
  std::string url() const { return server_->url(); }

  // What was not as the API's description has it.
  std::vector<std::string> violations() const;

  // Has it called before each answer, on a thread of the server: what it refers to must live until stop().
  void before(std::function<void(const std::string&)> what);

  // Ends the server, and waits for what it does.
  void stop() { server_.reset(); }

 private:
  Said answer(const Asked& request);

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Said>> answers_;
  std::function<void(const std::string&)> before_ = [](const std::string&) {};
  std::unique_ptr<upstream::ScriptedServer> server_ =
      std::make_unique<upstream::ScriptedServer>([this](const auto& request) { return answer(request); });
};

inline constexpr auto one_number = R"([{"name":"N","type":"fixed","scale":0,"precision":9,"nullable":true}])";

class SnowflakeTest : public ::testing::Test {
 protected:
  void TearDown() override;

  std::unique_ptr<Connector> open() { return open({}); }
  // Polls every 10 to 20 ms; without credentials if there is no secret.
  std::unique_ptr<Connector> open(SnowflakeOptions options);

  // A request with an id.
  static Request request(std::string text = "SELECT n");
  static Request found_again(std::string handle);

  std::unique_ptr<Execution> prepared(Connector& connector, Request request);
  // Prepares, submits and runs.
  struct Ran {
    std::unique_ptr<Execution> execution;
    Outcome<std::unique_ptr<Cursor>> cursor;
  };
  Ran run(Connector& connector, Request request);
  Outcome<std::vector<rows::Batch>> read(Cursor& cursor);
  // All of it; how many rows there were.
  Outcome<std::int64_t> rows_of(Connector& connector, Request request);

  // Does it on the loop, from any thread.
  void post(std::function<void()> what) { async::asio::post(loop_, std::move(what)); }

  async::Loop loop_;
  ScriptedSnowflake snowflake_;
};

// The body of a request.
boost::json::object json_of(const std::string& text);

}  // namespace coatcheck::warehouse
