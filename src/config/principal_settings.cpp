#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "config/gathering.hpp"

namespace coatcheck::config {

namespace {

constexpr std::string_view place = "override";
constexpr std::string_view prefix = "principal.";

}  // namespace

void read_principal_override(const std::string& name, std::string_view value, Gathering& gathering) {
  // A principal's name may have dots, a setting's has none.
  const std::string_view rest = std::string_view(name).substr(prefix.size());
  const std::size_t dot = rest.rfind('.');
  const std::string_view wanted = dot == rest.npos ? std::string_view() : rest.substr(0, dot);
  auto& principals = gathering.loaded.settings.principals_of_note;
  const auto principal = std::find_if(principals.begin(), principals.end(),
                                      [&](const Principal& p) { return !wanted.empty() && p.name == wanted; });
  if (principal == principals.end())
    return gathering.mistake(place, toml_string(name), "there is no section for such a principal");
  const auto* setting = find(principal_catalog(), rest.substr(dot + 1));
  if (setting == nullptr) return gathering.mistake(place, toml_string(name), "there is no such setting");
  const std::string full = fmt::format("principal[{}].{}", principal - principals.begin(), setting->name);
  gathering.set_from_text(*principal, *setting, full, std::string(place), value);
}

void apply_principal_rules(Gathering& gathering) {
  Settings& settings = gathering.loaded.settings;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i != settings.principals_of_note.size(); ++i) {
    Principal& principal = settings.principals_of_note[i];
    const std::string at = fmt::format("principal[{}]", i);
    if (!names.insert(principal.name).second) {
      gathering.mistake(origin(gathering, at + ".name"), at + ".name",
                        toml_string(principal.name) + " is the name of another principal too");
    }
    const auto& origins = gathering.loaded.origins;
    if (!origins.contains(at + ".max_running")) principal.max_running = settings.principals.max_running;
    if (!origins.contains(at + ".max_queued")) principal.max_queued = settings.principals.max_queued;
    if (!origins.contains(at + ".max_waiting")) principal.max_waiting = settings.principals.max_waiting;
    if (!origins.contains(at + ".max_claims")) principal.max_claims = settings.principals.max_claims;
    if (!origins.contains(at + ".max_stored")) principal.max_stored = settings.principals.max_stored;
  }
}

}  // namespace coatcheck::config
