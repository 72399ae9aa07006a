#pragma once

#include <chrono>
#include <string>

#include "client/http_client.hpp"
#include "client/outcome.hpp"
#include "client/query_view.hpp"

namespace coatcheck::client {

// How a command finds and enters the server.
struct Access {
  std::string server = "http://127.0.0.1:8420";
  std::string key_file;
  TlsAccess tls = {};
};

// Takes the key from the file, else from COATCHECK_KEY, and catches Ctrl-C from here on.
Outcome<HttpClient> open_session(const Access& access);

// Sends it, and takes every status but 200, 201, 202 and 204 as trouble. `id` is the query asked for, or empty.
Outcome<HttpResponse> ask(HttpClient& http, const HttpRequest& request, std::string_view id = {});

// The same, but when the server is full or restarts, or the connection breaks, the request is sent again up to five
// times, with a pause as long as the server says: for requests that may be heard twice.
Outcome<HttpResponse> ask_patiently(HttpClient& http, const HttpRequest& request, std::string_view id = {});

Outcome<QueryView> fetch_query(HttpClient& http, std::string_view id);

// Returns false if Ctrl-C ended the pause.
bool pause(std::chrono::milliseconds duration);

}  // namespace coatcheck::client
