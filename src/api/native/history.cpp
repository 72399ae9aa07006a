// GET /v1/queries: the history, newest first.
#include <algorithm>
#include <utility>

#include "api/native/door.hpp"
#include "api/native/json_response.hpp"
#include "api/native/page_token.hpp"
#include "api/native/problems.hpp"
#include "api/native/query_json.hpp"
#include "api/native/url_parameters.hpp"
#include "base/json_text.hpp"
#include "principals/principal.hpp"

namespace coatcheck::api::native {

namespace {

Result<std::vector<journal::State>> read_states(const std::optional<std::string>& text) {
  std::vector<journal::State> states;
  if (!text) return states;
  std::string_view rest = *text;
  for (;;) {
    const std::size_t comma = rest.find(',');
    const auto state = journal::parse_state(rest.substr(0, comma));
    if (!state) {
      return Error{
          Errc::invalid_argument,
          "must be one or more of QUEUED, RUNNING, CANCELING, SUCCEEDED, FAILED, CANCELED, with commas between them",
          "status"};
    }
    if (std::find(states.begin(), states.end(), *state) != states.end()) {
      return Error{Errc::invalid_argument, "names a status twice", "status"};
    }
    states.push_back(*state);
    if (comma == std::string_view::npos) return states;
    rest.remove_prefix(comma + 1);
  }
}

Result<journal::HistoryFilter> read_filter(const UrlParameters& parameters) {
  journal::HistoryFilter filter;
  auto states = read_states(parameters.text("status"));
  if (!states) return std::move(states).error();
  filter.states = *std::move(states);
  filter.warehouse = parameters.text("warehouse").value_or("");
  filter.query_tag = parameters.text("query_tag").value_or("");
  filter.principal = parameters.text("principal").value_or("");
  auto since = parameters.time("since");
  if (!since) return std::move(since).error();
  filter.since = *since;
  auto until = parameters.time("until");
  if (!until) return std::move(until).error();
  filter.until = *until;
  return filter;
}

// All that decides which queries a page shows, as one text, for the page token.
std::string filters_text(const UrlParameters& parameters) {
  std::string text;
  for (const std::string_view name : {"status", "warehouse", "query_tag", "principal", "since", "until"}) {
    append_json_string(text, parameters.text(name).value_or(""));
  }
  return text;
}

}  // namespace

async::Task<http::Response> Door::history(Asker asker, http::Request request) {
  auto parameters = UrlParameters::read(
      request, {"status", "warehouse", "query_tag", "principal", "since", "until", "limit", "page_token"});
  if (!parameters) co_return problem(parameters.error());
  auto filter = read_filter(*parameters);
  if (!filter) co_return problem(filter.error());
  auto limit = parameters->number("limit", 1, limits_.history_page_max);
  if (!limit) co_return problem(limit.error());

  std::optional<QueryId> from;
  const std::string filters = filters_text(*parameters);
  if (const auto token = parameters->text("page_token")) {
    auto parsed = parse_page_token(*token, filters);
    if (!parsed) co_return problem(parsed.error());
    from = *parsed;
  }

  const std::size_t page_size = limit->value_or(limits_.history_page_default);
  auto page = co_await service_.history(std::move(asker), *std::move(filter), from, page_size);
  if (!page) co_return problem(page.error());

  std::string body = R"({"queries":[)";
  for (std::size_t i = 0; i != page->snapshots.size(); ++i) {
    if (i != 0) body += ',';
    body += listed_query_json(page->snapshots[i]);
  }
  body += ']';
  if (page->next) {
    body += R"(,"next_page_token":)";
    append_json_string(body, make_page_token(*page->next, filters));
  }
  body += '}';
  co_return json_response(200, std::move(body));
}

}  // namespace coatcheck::api::native
