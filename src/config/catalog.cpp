#include "config/catalog.hpp"

#include <array>
#include <cassert>

#include "config/value.hpp"

namespace coatcheck::config {

namespace {

// The catalog. A setting is declared here and in its struct, nowhere else.

constexpr std::array all_sections = {
    Section{"server", "The listener."},
    Section{"data", "What the server keeps."},
    Section{"authentication", "Who may come in."},
    Section{"tls", "HTTPS. Without a certificate the server speaks HTTP in the clear."},
    Section{"log", "What is written to standard error."},
    Section{"results", "How long and how much of results is kept."},
    Section{"history", "What is remembered of ended queries."},
    Section{"limits", "What one client may ask for, and all of them together."},
    Section{"principals",
            "What each principal may have under way, in all warehouses together. They are served in turn."},
};

constexpr std::array all_settings = {
    Setting<Settings>{"server.listen", "127.0.0.1:8420", "", "", "",
                      [](Settings& s) -> Slot { return &s.server.listen; }, "COATCHECK_LISTEN",
                      "Numeric address and port to serve on; port 0 takes a free one."},
    Setting<Settings>{"server.drain_grace", "30s", "0s", "1h", "",
                      [](Settings& s) -> Slot { return &s.server.drain_grace; }, "",
                      "How long running queries and requests may go on after the signal to stop."},

    Setting<Settings>{"data.directory", "coatcheck-data", "", "", "path",
                      [](Settings& s) -> Slot { return &s.data.directory; }, "COATCHECK_DATA_DIRECTORY",
                      "Where the journal, the results and the keys are. Relative to where the server is started."},

    Setting<Settings>{"authentication.enabled", "true", "", "", "",
                      [](Settings& s) -> Slot { return &s.authentication.enabled; }, "COATCHECK_AUTHENTICATION",
                      "Whether requests need an API key. Off is allowed on a loopback address only."},

    Setting<Settings>{"tls.certificate", "", "", "", "", [](Settings& s) -> Slot { return &s.tls.certificate; }, "",
                      "File with the server's certificate in PEM, and after it those that lead to its authority. It, "
                      "the key and client_ca are read again when they change."},
    Setting<Settings>{"tls.key", "", "", "", "", [](Settings& s) -> Slot { return &s.tls.key; }, "",
                      "File with the certificate's private key in PEM, without a passphrase."},
    Setting<Settings>{
        "tls.client_ca", "", "", "", "", [](Settings& s) -> Slot { return &s.tls.client_ca; }, "",
        "File with certificates of authorities in PEM. If it is given, a client needs a certificate of one of "
        "them to connect, and its API key besides."},

    Setting<Settings>{"log.level", "info", "", "", "debug|info|warn|error",
                      [](Settings& s) -> Slot { return &s.log.level; }, "COATCHECK_LOG_LEVEL",
                      "The least important events to write. SQL text and keys are written at no level."},
    Setting<Settings>{"log.style", "human", "", "", "human|json", [](Settings& s) -> Slot { return &s.log.style; },
                      "COATCHECK_LOG_STYLE", "Lines for people, or one JSON object a line."},

    Setting<Settings>{"results.ttl", "24h", "1s", "3650d", "", [](Settings& s) -> Slot { return &s.results.ttl; }, "",
                      "How long a result is kept if the client does not say."},
    Setting<Settings>{"results.ttl_max", "30d", "1s", "3650d", "",
                      [](Settings& s) -> Slot { return &s.results.ttl_max; }, "",
                      "How long a client may ask for a result to be kept."},
    Setting<Settings>{"results.disk_bytes_max", "64GiB", "1MiB", "1024TiB", "",
                      [](Settings& s) -> Slot { return BytesSlot{&s.results.disk_bytes_max}; }, "",
                      "Disk for all results together."},
    Setting<Settings>{"results.result_bytes_max", "16GiB", "1MiB", "1024TiB", "",
                      [](Settings& s) -> Slot { return BytesSlot{&s.results.result_bytes_max}; }, "",
                      "Disk for one result."},

    Setting<Settings>{"history.retention", "30d", "1m", "3650d", "",
                      [](Settings& s) -> Slot { return &s.history.retention; }, "",
                      "How long an ended query can be looked up."},

    Setting<Settings>{"limits.statement_bytes_max", "1MiB", "1KiB", "64MiB", "",
                      [](Settings& s) -> Slot { return BytesSlot{&s.limits.statement_bytes_max}; }, "",
                      "Length of one SQL text."},
    Setting<Settings>{"limits.body_bytes_max", "2MiB", "1KiB", "128MiB", "",
                      [](Settings& s) -> Slot { return BytesSlot{&s.limits.body_bytes_max}; }, "",
                      "Length of one request's body."},
    Setting<Settings>{"limits.header_bytes_max", "32KiB", "4KiB", "1MiB", "",
                      [](Settings& s) -> Slot { return BytesSlot{&s.limits.header_bytes_max}; }, "",
                      "Length of one request's head: its first line and all its fields."},
    Setting<Settings>{"limits.parameters_max", "10000", "0", "1000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.limits.parameters_max}; }, "",
                      "Values bound to one statement."},
    Setting<Settings>{"limits.idempotency_key_bytes_max", "255", "16", "4096", "",
                      [](Settings& s) -> Slot { return BytesSlot{&s.limits.idempotency_key_bytes_max}; }, "",
                      "Length of an Idempotency-Key."},
    Setting<Settings>{"limits.query_tag_bytes_max", "256", "1", "4096", "",
                      [](Settings& s) -> Slot { return BytesSlot{&s.limits.query_tag_bytes_max}; }, "",
                      "Length of a query's tag."},
    Setting<Settings>{"limits.batch_ids_max", "1000", "1", "10000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.limits.batch_ids_max}; }, "",
                      "Queries asked about in one batch-status call."},
    Setting<Settings>{"limits.inline_rows_max", "1000", "1", "100000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.limits.inline_rows_max}; }, "",
                      "Rows of a result that come with the answer to a submit that waited for it."},
    Setting<Settings>{"limits.page_rows_max", "100000", "1", "10000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.limits.page_rows_max}; }, "",
                      "Rows that a client may ask for in one page of a result."},
    Setting<Settings>{"limits.history_page_max", "1000", "1", "10000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.limits.history_page_max}; }, "",
                      "Queries in one page of the history."},
    Setting<Settings>{"limits.wait_max", "60s", "0s", "15m", "", [](Settings& s) -> Slot { return &s.limits.wait_max; },
                      "", "How long one request may wait for a query."},
    Setting<Settings>{"limits.waiters_max", "20000", "1", "1000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.limits.waiters_max}; }, "",
                      "Requests that wait at the same time."},
    Setting<Settings>{"limits.connections_max", "10000", "1", "1000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.limits.connections_max}; }, "",
                      "Connections at the same time."},
    Setting<Settings>{"limits.header_timeout", "15s", "100ms", "10m", "",
                      [](Settings& s) -> Slot { return &s.limits.header_timeout; }, "",
                      "From the first byte of a request to the end of its head."},
    Setting<Settings>{"limits.body_timeout", "30s", "100ms", "1h", "",
                      [](Settings& s) -> Slot { return &s.limits.body_timeout; }, "",
                      "For a request's whole body to arrive."},
    Setting<Settings>{"limits.idle_timeout", "75s", "100ms", "1h", "",
                      [](Settings& s) -> Slot { return &s.limits.idle_timeout; }, "",
                      "Between two requests on one connection."},
    Setting<Settings>{"limits.write_timeout", "60s", "100ms", "1h", "",
                      [](Settings& s) -> Slot { return &s.limits.write_timeout; }, "",
                      "For a client to take any one piece of a response."},
    Setting<Settings>{
        "limits.write_rate_min", "1KiB", "0B", "1GiB", "",
        [](Settings& s) -> Slot { return BytesSlot{&s.limits.write_rate_min}; }, "",
        "Of a response in a second, on average of every write_timeout that the client lets the server wait."},
    Setting<Settings>{"limits.recent_queries_max", "100000", "100", "10000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.limits.recent_queries_max}; }, "",
                      "Ended queries kept in memory, so that asking about them costs no disk."},

    Setting<Settings>{"principals.max_running", "0", "0", "1000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.principals.max_running}; }, "",
                      "Queries of one principal that run at the same time; others are queued. 0: no limit."},
    Setting<Settings>{"principals.max_queued", "0", "0", "1000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.principals.max_queued}; }, "",
                      "Queries of one principal that may be queued; more are refused with 429. 0: no limit."},
    Setting<Settings>{"principals.max_waiting", "0", "0", "1000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.principals.max_waiting}; }, "",
                      "Requests of one principal that wait for news of queries at the same time, and streams of "
                      "events; more are refused with 429. 0: no limit."},
    Setting<Settings>{"principals.max_claims", "0", "0", "1000000", "",
                      [](Settings& s) -> Slot { return CountSlot{&s.principals.max_claims}; }, "",
                      "Results that are sent to one principal at the same time; more are refused with 429. 0: no "
                      "limit."},
    Setting<Settings>{"principals.max_stored", "0B", "0B", "900TiB", "",
                      [](Settings& s) -> Slot { return BytesSlot{&s.principals.max_stored}; }, "",
                      "Disk for the results of one principal. With as much, its submits are refused with 429 and what "
                      "it has queued fails. 0B: no limit."},
};

constexpr std::array principal_settings = {
    Setting<Principal>{.name = "name",
                       .choices = "principal",
                       .slot = [](Principal& p) -> Slot { return &p.name; },
                       .sentence = "Whose it is: the name that its keys were made for.",
                       .sample = "\"dashboards\"",
                       .is_needed = true},
    Setting<Principal>{
        .name = "max_running",
        .fallback = "0",
        .lowest = "0",
        .highest = "1000000",
        .slot = [](Principal& p) -> Slot { return CountSlot{&p.max_running}; },
        .sentence = "Queries that run at the same time. 0: no limit. Without it, what the section principals says.",
        .sample = "2"},
    Setting<Principal>{
        .name = "max_queued",
        .fallback = "0",
        .lowest = "0",
        .highest = "1000000",
        .slot = [](Principal& p) -> Slot { return CountSlot{&p.max_queued}; },
        .sentence = "Queries that may be queued. 0: no limit. Without it, what the section principals says.",
        .sample = "100"},
    Setting<Principal>{.name = "max_waiting",
                       .fallback = "0",
                       .lowest = "0",
                       .highest = "1000000",
                       .slot = [](Principal& p) -> Slot { return CountSlot{&p.max_waiting}; },
                       .sentence = "Requests that wait for news of queries. 0: no limit. Without it, what the section "
                                   "principals says.",
                       .sample = "200"},
    Setting<Principal>{
        .name = "max_claims",
        .fallback = "0",
        .lowest = "0",
        .highest = "1000000",
        .slot = [](Principal& p) -> Slot { return CountSlot{&p.max_claims}; },
        .sentence =
            "Results that are sent at the same time. 0: no limit. Without it, what the section principals says.",
        .sample = "20"},
    Setting<Principal>{.name = "max_stored",
                       .fallback = "0B",
                       .lowest = "0B",
                       .highest = "900TiB",
                       .slot = [](Principal& p) -> Slot { return BytesSlot{&p.max_stored}; },
                       .sentence = "Disk for its results. 0B: no limit. Without it, what the section principals says.",
                       .sample = "\"10GiB\""},
    Setting<Principal>{.name = "weight",
                       .fallback = "1",
                       .lowest = "1",
                       .highest = "1000",
                       .slot = [](Principal& p) -> Slot { return CountSlot{&p.weight}; },
                       .sentence = "How many turns it has for each turn of one of weight 1, while both wait."},
};

template <class Owner>
void fill(Owner& owner, std::span<const Setting<Owner>> catalog) {
  for (const Setting<Owner>& setting : catalog) {
    [[maybe_unused]] const auto set = set_from_text(setting.slot(owner), setting.fallback);
    assert(set);
  }
}

}  // namespace

std::span<const Section> sections() { return all_sections; }
std::span<const Setting<Settings>> settings_catalog() { return all_settings; }

std::span<const Setting<Principal>> principal_catalog() { return principal_settings; }

Settings without_warehouses() {
  Settings settings;
  fill(settings, settings_catalog());
  return settings;
}

Warehouse default_warehouse() {
  Warehouse warehouse;
  fill(warehouse, warehouse_catalog());
  return warehouse;
}

Principal default_principal() {
  Principal principal;
  fill(principal, principal_catalog());
  return principal;
}

}  // namespace coatcheck::config
