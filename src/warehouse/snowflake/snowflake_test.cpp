#include "warehouse/snowflake/snowflake_test.hpp"

#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <set>
#include <stdexcept>

namespace coatcheck::warehouse {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view statements = "/api/v2/statements";

struct Target {
  std::string handle = {};
  bool is_cancel = false;
  std::map<std::string, std::string> query = {};
};

Target read_target(std::string_view text) {
  Target target;
  text.remove_prefix(std::min(statements.size(), text.size()));
  const auto mark = std::min(text.find('?'), text.size());
  std::string path(text.substr(0, mark));
  if (path.ends_with("/cancel")) {
    target.is_cancel = true;
    path.resize(path.size() - 7);
  }
  if (path.starts_with('/')) target.handle = path.substr(1);
  text.remove_prefix(mark);
  while (text.size() > 1) {
    text.remove_prefix(1);
    const auto pair = text.substr(0, text.find('&'));
    const auto equals = std::min(pair.find('='), pair.size() - 1);
    target.query[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
    text.remove_prefix(pair.size());
  }
  return target;
}

std::string name_of(const Asked& request) {
  const auto target = read_target(request.target);
  if (target.is_cancel) return "CANCEL " + target.handle;
  if (request.method == "POST") return target.query.contains("async") ? "SUBMIT" : "OWN";
  const auto partition = target.query.find("partition");
  if (partition != target.query.end()) return "PARTITION " + target.handle + " " + partition->second;
  return "STATUS " + target.handle;
}

// What the published description of the SQL API (version 2) allows, in words of our own. `retry` is in the guide only.
const std::set<std::string> submit_query = {"requestId", "async", "nullable", "retry"};
const std::set<std::string> status_query = {"requestId", "partition"};
const std::set<std::string> cancel_query = {"requestId"};
const std::set<std::string> body_members = {"statement", "timeout", "database", "schema",
                                            "warehouse", "role",    "bindings", "parameters"};
const std::set<std::string> parameter_names = {"timezone", "query_tag"};
const std::set<std::string> binding_types = {"FIXED",         "REAL",          "DECFLOAT",    "TEXT",
                                             "BINARY",        "BOOLEAN",       "DATE",        "TIME",
                                             "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"};

class Check {
 public:
  explicit Check(const Asked& request) : request_(request), target_(read_target(request.target)) {}

  std::vector<std::string> run() {
    expect(request_.target.starts_with(statements), "path");
    expect(request_.headers.contains("user-agent"), "User-Agent");
    expect(request_.headers.at("accept") == "application/json", "Accept");
    const bool is_submit = request_.method == "POST" && !target_.is_cancel;
    if (is_submit) {
      check_query(submit_query);
      check_submission();
    } else if (target_.is_cancel) {
      check_query(cancel_query);
      expect(request_.method == "POST" && request_.body.empty(), "method of a cancel");
    } else {
      check_query(status_query);
      expect(request_.method == "GET" && request_.body.empty() && !target_.handle.empty(), "method of a status");
    }
    return std::move(violations_);
  }

 private:
  void expect(bool good, const std::string& what) {
    if (!good) violations_.push_back(what + " of " + request_.method + " " + request_.target + " " + request_.body);
  }
  void check_query(const std::set<std::string>& allowed) {
    for (const auto& [name, value] : target_.query) expect(allowed.contains(name), "query parameter " + name);
    for (const std::string name : {"async", "nullable", "retry"}) {
      const auto found = target_.query.find(name);
      expect(found == target_.query.end() || found->second == "true", name);
    }
  }
  void check_submission() {
    expect(target_.handle.empty(), "path of a submission");
    const auto id = target_.query.find("requestId");
    expect(id != target_.query.end() && QueryId::parse(id->second), "requestId");
    expect(request_.headers.contains("content-type") && request_.headers.at("content-type") == "application/json",
           "Content-Type");
    const auto body = json_of(request_.body);
    expect(body.contains("statement") && body.at("statement").is_string(), "statement");
    for (const auto& [name, value] : body) expect(body_members.contains(name), "body member " + std::string(name));
    for (const std::string name : {"database", "schema", "warehouse", "role"}) {
      expect(!body.contains(name) || body.at(name).is_string(), name);
    }
    expect(!body.contains("timeout") || (body.at("timeout").is_int64() && body.at("timeout").get_int64() >= 0),
           "timeout");
    if (body.contains("parameters")) check_parameters(body.at("parameters").as_object());
    if (body.contains("bindings")) check_bindings(body.at("bindings").as_object());
  }
  void check_parameters(const json::object& parameters) {
    for (const auto& [name, value] : parameters) {
      expect(parameter_names.contains(name) && value.is_string(), "parameter " + std::string(name));
    }
  }
  void check_bindings(const json::object& bindings) {
    std::size_t position = 0;
    for (const auto& [name, value] : bindings) {
      expect(std::string(name) == std::to_string(++position), "position of a binding");
      const auto& binding = value.as_object();
      expect(binding.size() == 2 && binding_types.contains(std::string(binding.at("type").as_string())), "type");
      expect(binding.at("value").is_string() || binding.at("value").is_null(), "value of a binding");
    }
  }

  const Asked& request_;
  Target target_;
  std::vector<std::string> violations_;
};

}  // namespace

json::object json_of(const std::string& text) {
  boost::system::error_code error;
  auto value = json::parse(text, error);
  return value.is_object() ? value.get_object() : json::object();
}

void ScriptedSnowflake::on(const std::string& what, std::vector<Said> answers) {
  const std::lock_guard lock(mutex_);
  answers_[what] = std::move(answers);
}

void ScriptedSnowflake::before(std::function<void(const std::string&)> what) {
  const std::lock_guard lock(mutex_);
  before_ = std::move(what);
}

Said ScriptedSnowflake::answer(const Asked& request) {
  const auto what = name_of(request);
  std::function<void(const std::string&)> first;
  {
    const std::lock_guard lock(mutex_);
    first = before_;
  }
  first(what);
  const std::lock_guard lock(mutex_);
  auto& answers = answers_[what];
  if (answers.empty()) return error(404, "000404", "", "the test has no answer for " + what);
  auto said = answers.front();
  if (answers.size() > 1) answers.erase(answers.begin());
  return said;
}

Said ScriptedSnowflake::running(const std::string& handle) {
  return {.status = 202,
          .body = fmt::format(R"({{"code":"333334","message":"Asynchronous execution in progress.",)"
                              R"("statementHandle":"{0}","statementStatusUrl":"/api/v2/statements/{0}"}})",
                              handle)};
}

Said ScriptedSnowflake::result(const std::string& columns, const std::string& rows,
                               const std::vector<int>& partitions) {
  std::string info;
  int all = 0;
  for (const int count : partitions) {
    info += fmt::format(R"({}{{"rowCount":{},"uncompressedSize":1}})", info.empty() ? "" : ",", count);
    all += count;
  }
  return {.status = 200,
          .body = fmt::format(R"({{"code":"090001","sqlState":"00000","message":"Statement executed successfully.",)"
                              R"("data":{},"resultSetMetaData":{{"numRows":{},"format":"jsonv2","rowType":{},)"
                              R"("partitionInfo":[{}]}}}})",
                              rows, all, columns, info)};
}

Said ScriptedSnowflake::partition(const std::string& rows) { return {.body = R"({"data":)" + rows + "}"}; }

Said ScriptedSnowflake::error(int status, const std::string& code, const std::string& sqlstate,
                              const std::string& message, const std::string& handle) {
  auto body = fmt::format(R"({{"code":"{}","sqlState":"{}","message":"{}")", code, sqlstate, message);
  if (!handle.empty()) body += fmt::format(R"(,"statementHandle":"{}")", handle);
  return {.status = status, .body = body + "}"};
}

std::vector<std::string> ScriptedSnowflake::asked() const {
  std::vector<std::string> names;
  for (const auto& request : server_->requests()) names.push_back(name_of(request));
  return names;
}

Asked ScriptedSnowflake::request(const std::string& what, std::size_t nth) const {
  for (const auto& request : server_->requests()) {
    if (name_of(request) == what && nth-- == 0) return request;
  }
  throw std::out_of_range("nobody has asked: " + what);
}

std::vector<std::string> ScriptedSnowflake::violations() const {
  std::vector<std::string> all;
  for (const auto& request : server_->requests()) {
    for (auto& violation : Check(request).run()) all.push_back(std::move(violation));
  }
  return all;
}

void SnowflakeTest::TearDown() {
  EXPECT_EQ(snowflake_.violations(), std::vector<std::string>());
  snowflake_.stop();
}

std::unique_ptr<Connector> SnowflakeTest::open(SnowflakeOptions options) {
  options.url = snowflake_.url();
  if (!options.secret) options.authentication = SnowflakeOptions::Authentication::none;
  if (options.poll_min == SnowflakeOptions().poll_min) {
    options.poll_min = 10ms;
    options.poll_max = 20ms;
  }
  auto opened = open_snowflake(std::move(options), loop_);
  EXPECT_TRUE(opened) << opened.error().message;
  return std::move(*opened);
}

Request SnowflakeTest::request(std::string text) {
  return {.query = make_query_id(system_clock().now()), .statement = {.text = std::move(text)}};
}

Request SnowflakeTest::found_again(std::string handle) {
  auto again = request();
  again.handle = std::move(handle);
  return again;
}

std::unique_ptr<Execution> SnowflakeTest::prepared(Connector& connector, Request request) {
  auto execution = run_task(loop_, connector.prepare(std::move(request)));
  EXPECT_TRUE(execution) << execution.error().message;
  return std::move(*execution);
}

SnowflakeTest::Ran SnowflakeTest::run(Connector& connector, Request request) {
  Ran ran{.execution = prepared(connector, std::move(request)), .cursor = {}};
  auto handle = run_task(loop_, ran.execution->submit());
  if (handle)
    ran.cursor = run_task(loop_, ran.execution->run());
  else
    ran.cursor = handle.error();
  return ran;
}

Outcome<std::vector<rows::Batch>> SnowflakeTest::read(Cursor& cursor) {
  std::vector<rows::Batch> batches;
  while (true) {
    auto batch = run_task(loop_, cursor.next());
    if (!batch) return std::move(batch).error();
    if (!*batch) return batches;
    batches.push_back(std::move(**batch));
  }
}

Outcome<std::int64_t> SnowflakeTest::rows_of(Connector& connector, Request request) {
  auto ran = run(connector, std::move(request));
  if (!ran.cursor) return ran.cursor.error();
  auto batches = read(**ran.cursor);
  if (!batches) return std::move(batches).error();
  std::int64_t rows = 0;
  for (const auto& batch : *batches) rows += batch->num_rows();
  return rows;
}

}  // namespace coatcheck::warehouse
