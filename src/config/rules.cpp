#include <fmt/format.h>

#include <string>

#include "config/gathering.hpp"

namespace coatcheck::config {

std::string origin(const Gathering& gathering, const std::string& name) {
  const auto found = gathering.loaded.origins.find(name);
  return found == gathering.loaded.origins.end() ? "default" : found->second;
}

void check_order(Gathering& gathering, const std::string& smaller, const std::string& larger, bool in_order) {
  if (!in_order) gathering.mistake(origin(gathering, smaller), smaller, "must not be more than " + larger);
}

namespace {

void check_tls(Gathering& gathering, const Tls& tls) {
  const auto needs = [&](const char* name, const std::string& value, const char* other) {
    if (!value.empty()) gathering.mistake(origin(gathering, name), name, fmt::format("needs {} too", other));
  };
  if (tls.key.empty()) needs("tls.certificate", tls.certificate, "tls.key");
  if (!tls.certificate.empty()) return;
  needs("tls.key", tls.key, "tls.certificate");
  needs("tls.client_ca", tls.client_ca, "tls.certificate");
}

}  // namespace

void apply_rules(Gathering& gathering) {
  const Settings& settings = gathering.loaded.settings;
  check_tls(gathering, settings.tls);
  if (!settings.authentication.enabled && !is_loopback(settings.server.listen)) {
    gathering.mistake(origin(gathering, "authentication.enabled"), "authentication.enabled",
                      fmt::format("may be false only on a loopback address, and server.listen is \"{}\"; turn "
                                  "authentication on (coatcheck key create makes keys) or listen on 127.0.0.1",
                                  to_string(settings.server.listen)));
  }
  check_order(gathering, "results.ttl", "results.ttl_max", settings.results.ttl <= settings.results.ttl_max);
  check_order(gathering, "results.result_bytes_max", "results.disk_bytes_max",
              settings.results.result_bytes_max <= settings.results.disk_bytes_max);
  check_order(gathering, "limits.statement_bytes_max", "limits.body_bytes_max",
              settings.limits.statement_bytes_max <= settings.limits.body_bytes_max);
  check_order(gathering, "limits.inline_rows_max", "limits.page_rows_max",
              settings.limits.inline_rows_max <= settings.limits.page_rows_max);
  apply_principal_rules(gathering);
  apply_warehouse_rules(gathering);
}

}  // namespace coatcheck::config
