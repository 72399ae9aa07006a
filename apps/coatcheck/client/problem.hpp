#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "client/http_client.hpp"
#include "client/outcome.hpp"
#include "client/query_view.hpp"
#include "client/terminal.hpp"

namespace coatcheck::client {

// Why the server said no, with what to do about it. `id` is the query that was asked for, or empty.
Trouble trouble_of(const HttpResponse& response, std::string_view id = {});

// How long the server wants to be left alone: Retry-After in seconds, 1 s without one, 30 s at most.
std::chrono::milliseconds retry_after(const HttpResponse& response);

// Whether the same request may be answered better a little later: 429, 502, 503, 504.
bool is_passing(const HttpResponse& response);

// Tells of a query that failed or was canceled: the warehouse's words, and the place in the statement.
std::string failure_text(const QueryView& query, std::size_t width, Style style);

// Returns "error: <message>" and the hint, for standard error.
std::string trouble_text(const Trouble& trouble, Style style);

}  // namespace coatcheck::client
