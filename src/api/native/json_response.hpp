#pragma once

#include <string>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace coatcheck::api::native {

// A JSON document that no cache may keep: it is one principal's, and of this moment.
inline http::Response json_response(int status, std::string json, std::vector<http::Field> fields = {}) {
  http::Response response;
  response.status = status;
  response.fields = std::move(fields);
  response.fields.push_back({"Content-Type", "application/json"});
  response.fields.push_back({"Cache-Control", "no-store"});
  response.body = std::move(json);
  return response;
}

}  // namespace coatcheck::api::native
