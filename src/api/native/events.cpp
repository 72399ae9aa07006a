// GET /v1/queries/{id}/events: the life of a query as server-sent events (WHATWG HTML, 9.2).
#include <charconv>
#include <utility>

#include "api/native/door.hpp"
#include "api/native/problems.hpp"
#include "api/native/query_json.hpp"
#include "api/native/quota_fields.hpp"
#include "api/native/url_parameters.hpp"

namespace coatcheck::api::native {

namespace {

// How often progress and queue position are looked at: they change without a new version.
constexpr auto look_interval = std::chrono::seconds(1);
// After so many looks without news a comment is sent, so that proxies keep the connection.
constexpr int silent_looks_max = 15;

std::string event_text(std::string_view name, const query::Snapshot& snapshot) {
  std::string text = "id: " + std::to_string(snapshot.entry->version);
  text += "\nevent: ";
  text += name;
  text += "\ndata: ";
  text += query_json(snapshot);  // One line: JSON text of ours has no line break.
  text += "\n\n";
  return text;
}

bool same_progress(const query::Snapshot& a, const query::Snapshot& b) {
  const auto position = [](const query::Snapshot& s) {
    return s.queued ? std::optional(s.queued->position) : std::nullopt;
  };
  return a.progress == b.progress && position(a) == position(b);
}

// Tells of every new version as `status`, and of progress in between as `progress`; ends with the query.
class QueryEvents final : public http::BodySource {
 public:
  // `place` is held for as long as the stream lives.
  QueryEvents(query::Service& service, principals::Principal asker, QueryId id, std::uint64_t seen, query::Hold place)
      : service_(service), asker_(std::move(asker)), id_(id), seen_(seen), place_(std::move(place)) {}

  async::Task<Result<std::string>> next() override {
    if (ended_) co_return std::string();
    for (;;) {
      auto now = co_await service_.wait(asker_, id_, seen_,
                                        std::chrono::steady_clock::now() + (begun_ ? look_interval : look_interval * 0),
                                        query::Service::Counted::no);
      if (!now) co_return std::move(now).error();
      begun_ = true;
      const bool news = now->entry->version != seen_;
      const bool moved = !news && last_ && !same_progress(*last_, *now);
      seen_ = now->entry->version;
      ended_ = journal::is_final(now->entry->state) || !service_.accepts();
      last_ = *now;
      if (news || moved) {
        silent_looks_ = 0;
        co_return event_text(news ? "status" : "progress", *now);
      }
      if (ended_) co_return std::string();
      if (++silent_looks_ >= silent_looks_max) {
        silent_looks_ = 0;
        co_return std::string(": still there\n\n");
      }
    }
  }

 private:
  query::Service& service_;
  principals::Principal asker_;
  QueryId id_;
  std::uint64_t seen_;
  query::Hold place_;
  std::optional<query::Snapshot> last_;
  int silent_looks_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

async::Task<http::Response> Door::events(Asker asker, http::Request request) {
  auto id = id_of(request);
  if (!id) co_return problem(id.error());
  if (auto none = no_parameters(request); !none) co_return problem(none.error());

  std::uint64_t seen = 0;
  const std::string last = request.field("Last-Event-ID");
  if (!last.empty()) {
    const auto [rest, trouble] = std::from_chars(last.data(), last.data() + last.size(), seen);
    if (trouble != std::errc{} || rest != last.data() + last.size()) {
      co_return problem({Errc::invalid_argument, "must be the id of an event of this query", "Last-Event-ID"});
    }
  }
  auto found = co_await service_.status(asker, *id);
  if (!found) co_return problem(found.error());

  http::Response response;
  if (journal::is_final(found->entry->state) && found->entry->version == seen) {
    response.status = 204;  // Tells an EventSource not to come again: nothing more will happen.
    co_return response;
  }
  auto place = service_.hold_wait(asker);
  if (!place) co_return with_quotas(problem(place.error()), service_, asker, {query::Limit::waiting});
  response.fields = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  response = with_quotas(std::move(response), service_, asker, {query::Limit::waiting});
  response.body = std::make_unique<QueryEvents>(service_, std::move(asker), *id, seen, *std::move(place));
  co_return response;
}

}  // namespace coatcheck::api::native
