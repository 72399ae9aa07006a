#pragma once

#include <chrono>
#include <optional>

#include "client/http_client.hpp"
#include "client/outcome.hpp"
#include "client/query_view.hpp"

namespace coatcheck::client {

// Waits until the query has ended, whichever way, and returns what became of it. The server tells the news
// (server-sent events), nothing is polled; meanwhile one progress line is shown. When the connection breaks it is
// made again, for a minute. ExitCode::not_ended when `time` was over, ExitCode::interrupted for Ctrl-C: the query
// goes on, and the hint says how to find it.
Outcome<QueryView> wait_until_ended(HttpClient& http, const std::string& id,
                                    std::optional<std::chrono::milliseconds> time = {});

}  // namespace coatcheck::client
