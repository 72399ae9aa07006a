#include "api/snowflake_driver/envelope.hpp"

#include <utility>

#include "base/json_text.hpp"

namespace coatcheck::api::snowflake_driver {

namespace {

http::Response json(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.fields = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

http::Response unsuccessful(std::string_view data, const snowflake::SnowflakeError& error) {
  std::string body = R"({"data":)";
  body += data;
  body += R"(,"code":)";
  append_json_string(body, error.code);
  body += R"(,"message":)";
  append_json_string(body, error.message);
  body += R"(,"success":false,"headers":null})";
  return json(200, std::move(body));
}

}  // namespace

http::Response success(std::string_view data) {
  std::string body;
  body.reserve(data.size() + 64);
  body += R"({"data":)";
  body += data;
  body += R"(,"code":null,"message":null,"success":true,"headers":null})";
  return json(200, std::move(body));
}

http::Response refused(const snowflake::SnowflakeError& error) { return unsuccessful("null", error); }

http::Response query_failed(const snowflake::SnowflakeError& error, std::optional<QueryId> id) {
  std::string data = R"({"internalError":false,"errorCode":)";
  append_json_string(data, error.code);
  data += R"(,"age":0,"sqlState":)";
  append_json_string(data, error.sqlstate);
  data += R"(,"queryId":)";
  if (id) {
    append_json_string(data, id->to_string());
  } else {
    data += "null";
  }
  data += R"(,"line":-1,"pos":-1,"type":"COMPILATION"})";
  return unsuccessful(data, error);
}

http::Response pending(QueryId id, Pending kind) {
  const std::string name = id.to_string();
  // The address is a path without a query, because gosnowflake and JDBC put it where only a path may be.
  std::string body = R"({"data":{"queryId":")" + name + R"(","getResultUrl":"/queries/)" + name +
                     R"(/result","queryAbortsAfterSecs":300,"progressDesc":null},"code":)";
  body += kind == Pending::asynchronous
              ? R"("333334","message":"Asynchronous execution in progress. Use provided query id to perform query )"
                R"(monitoring and management.")"
              : R"("333333","message":"Query execution in progress. Please get the result at the given address.")";
  body += R"(,"success":true,"headers":null})";
  return json(200, std::move(body));
}

http::Response come_again(int status, std::string_view message) {
  std::string body = R"({"data":null,"code":"390505","message":)";
  append_json_string(body, message);
  body += R"(,"success":false,"headers":null})";
  http::Response response = json(status, std::move(body));
  response.fields.push_back({"Retry-After", "1"});
  return response;
}

}  // namespace coatcheck::api::snowflake_driver
