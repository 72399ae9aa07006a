#include "config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "config/catalog.hpp"
#include "config/value.hpp"

namespace coatcheck::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

Settings good(std::string_view toml, const Sources& rest = {}) {
  auto loaded = load_text(toml, "test.toml", rest);
  if (!loaded) throw std::runtime_error(loaded.error().message);
  return loaded->settings;
}

std::string mistake(std::string_view toml, const Sources& rest = {}) {
  const auto loaded = load_text(toml, "test.toml", rest);
  if (loaded) return "no mistake was found";
  EXPECT_EQ(loaded.error().code, Errc::invalid_argument);
  return loaded.error().message;
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Config, nothing_said_means_the_defaults) {
  const Settings settings = defaults();
  EXPECT_EQ(settings.server.listen, (Endpoint{"127.0.0.1", 8420}));
  EXPECT_TRUE(settings.authentication.enabled);
  EXPECT_EQ(settings.results.ttl, 24h);
  EXPECT_EQ(settings.results.disk_bytes_max, std::uint64_t{64} << 30);
  EXPECT_EQ(settings.limits.statement_bytes_max, 1U << 20);
  ASSERT_EQ(settings.warehouses.size(), 1U);
  EXPECT_EQ(settings.warehouses[0].name, "main");
  EXPECT_TRUE(settings.warehouses[0].is_default);
  EXPECT_EQ(good(""), settings);
}

TEST(Config, tls_is_off_unless_there_are_a_certificate_and_its_key) {
  EXPECT_FALSE(defaults().tls.is_on());
  const Settings settings = good("[tls]\ncertificate = \"a.crt\"\nkey = \"a.key\"\n");
  EXPECT_TRUE(settings.tls.is_on());
  EXPECT_EQ(settings.tls.client_ca, "");
  EXPECT_EQ(mistake("[tls]\ncertificate = \"a.crt\"\n"), "test.toml:2:15: tls.certificate: needs tls.key too");
  EXPECT_EQ(mistake("[tls]\nkey = \"a.key\"\n"), "test.toml:2:7: tls.key: needs tls.certificate too");
  EXPECT_EQ(mistake("[tls]\nclient_ca = \"ca.crt\"\n"), "test.toml:2:13: tls.client_ca: needs tls.certificate too");
}

TEST(Config, every_kind_of_value_is_read) {
  const Settings settings = good(R"(
    [server]
    listen = "[::1]:0"
    [authentication]
    enabled = false
    [limits]
    wait_max = "90s"
    batch_ids_max = 7
    body_bytes_max = 4194304
    statement_bytes_max = "3MiB"
    [[warehouse]]
    name = "sales"
    data_directories = ["/data/a", "/data/b,c"]
    [[warehouse.table]]
    name = "orders"
    path = "/data/a/*.parquet"
    [[warehouse]]
    name = "lab"
    default = true
  )");
  EXPECT_EQ(settings.server.listen, (Endpoint{"::1", 0}));
  EXPECT_FALSE(settings.authentication.enabled);
  EXPECT_EQ(settings.limits.wait_max, 90s);
  EXPECT_EQ(settings.limits.batch_ids_max, 7U);
  EXPECT_EQ(settings.limits.body_bytes_max, 4U << 20);
  EXPECT_EQ(settings.limits.statement_bytes_max, 3U << 20);
  ASSERT_EQ(settings.warehouses.size(), 2U);
  EXPECT_THAT(settings.warehouses[0].duckdb.data_directories, ElementsAre("/data/a", "/data/b,c"));
  EXPECT_THAT(settings.warehouses[0].duckdb.tables, ElementsAre(Table{"orders", "/data/a/*.parquet"}));
  EXPECT_FALSE(settings.warehouses[0].is_default);
  EXPECT_TRUE(settings.warehouses[1].is_default);
}

TEST(Config, a_principal_has_what_its_section_says_and_else_what_holds_for_all) {
  const std::string toml = R"(
    [[principal]]
    name = "ann@example.org"
    weight = 3
    [[principal]]
    name = "free"
    max_running = 0
    max_waiting = 0
    max_stored = "0B"
    [principals]
    max_running = 2
    max_queued = 50
    max_waiting = 20
    max_claims = 3
    max_stored = "10GiB"
  )";
  const Settings settings =
      good(toml, {.overrides = {"principals.max_running=5", "principal.ann@example.org.weight=4",
                                "principal.free.max_queued=7", "principal.ann@example.org.max_stored=1MiB"}});
  const Bytes gib = Bytes{1} << 30;
  EXPECT_EQ(
      settings.principals,
      (Principals{.max_running = 5, .max_queued = 50, .max_waiting = 20, .max_claims = 3, .max_stored = 10 * gib}));
  EXPECT_THAT(settings.principals_of_note, ElementsAre(Principal{.name = "ann@example.org",
                                                                 .max_running = 5,
                                                                 .max_queued = 50,
                                                                 .max_waiting = 20,
                                                                 .max_claims = 3,
                                                                 .max_stored = Bytes{1} << 20,
                                                                 .weight = 4},
                                                       Principal{.name = "free",
                                                                 .max_running = 0,
                                                                 .max_queued = 7,
                                                                 .max_waiting = 0,
                                                                 .max_claims = 3,
                                                                 .max_stored = 0,
                                                                 .weight = 1}));
  EXPECT_TRUE(defaults().principals_of_note.empty());
  EXPECT_EQ(defaults().principals, Principals{});

  const auto loaded = load_text(toml, "test.toml");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(good(effective(*loaded)), loaded->settings);
  EXPECT_THAT(effective(*loaded), HasSubstr("weight = 3  # test.toml:4:14\n"));
}

TEST(Config, the_first_warehouse_is_the_default_one_unless_another_says_so) {
  const Settings settings = good("[[warehouse]]\nname = \"a\"\n[[warehouse]]\nname = \"b\"");
  EXPECT_TRUE(settings.warehouses[0].is_default);
  EXPECT_FALSE(settings.warehouses[1].is_default);
}

TEST(Config, a_mistake_is_told_with_its_place_its_name_and_what_is_allowed) {
  EXPECT_EQ(
      mistake("[limits]\nwait_max = \"2x\""),
      "test.toml:2:12: limits.wait_max: not a duration: '2x' (write \"250ms\", \"30s\", \"5m\", \"24h\" or \"7d\"); "
      "allowed is a duration from \"0s\" to \"15m\"");
  EXPECT_EQ(mistake("[limits]\n  wait_maxx = 1"), "test.toml:2:3: \"limits.wait_maxx\": there is no such setting");
  EXPECT_EQ(
      mistake("[log]\nlevel = \"loud\""),
      "test.toml:2:9: log.level: \"loud\" is not allowed; allowed is \"debug\" or \"info\" or \"warn\" or \"error\"");
  EXPECT_EQ(mistake("[limits]\nbatch_ids_max = 10001"),
            "test.toml:2:17: limits.batch_ids_max: 10001 is out of bounds; allowed is a number from 1 to 10000");
}

TEST(Config, wrong_types_unknown_names_and_what_is_out_of_bounds_are_mistakes) {
  for (const auto& [toml, part] : std::vector<std::pair<std::string, std::string>>{
           {"x = 1", "\"x\": there is no such section"},
           {"limits = 3", "must be a section"},
           {"[limit]", "there is no such section"},
           {"[limits]\nwait_max = 30", "limits.wait_max: the value has the wrong type"},
           {"[limits]\nwait_max = \"16m\"", "limits.wait_max: \"16m\" is out of bounds"},
           {"[limits]\nbatch_ids_max = \"10\"", "limits.batch_ids_max: the value has the wrong type"},
           {"[limits]\nbatch_ids_max = 1.5", "limits.batch_ids_max: the value has the wrong type"},
           {"[limits]\nbatch_ids_max = -1", "limits.batch_ids_max: -1 is negative"},
           {"[limits]\nbatch_ids_max = 0", "limits.batch_ids_max: 0 is out of bounds"},
           {"[limits]\nbody_bytes_max = \"1XB\"", "limits.body_bytes_max: not a size"},
           {"[limits]\nbody_bytes_max = true", "limits.body_bytes_max: the value has the wrong type"},
           {"[authentication]\nenabled = \"yes\"", "authentication.enabled: the value has the wrong type"},
           {"[data]\ndirectory = \"\"", "data.directory: \"\" is not allowed; allowed is a path"},
           {"[data]\ndirectory = \"a\\u0000b\"", "data.directory: \"a\\u0000b\" has control characters"},
           {"[data]\ndirectory = \"" + std::string(5000, 'x') + "\"", "data.directory: the text is too long"},
           {"[server]\nlisten = \"localhost:1\"", "server.listen: \"localhost:1\" is not a numeric address and port"},
           {"[server]\nlisten = \"127.0.0.1\"", "server.listen"},
           {"[server]\nlisten = \"127.0.0.1:65536\"", "server.listen"},
           {"[server]\nlisten = \"::1:80\"", "server.listen"},
           {"[warehouse]\nname = \"a\"", "must be written [[warehouse]]"},
           {"warehouse = [1]", "must be written [[warehouse]]"},
           {"[[warehouse]]\nname = \"a b\"", "warehouse[0].name: \"a b\" is not allowed"},
           {"[[warehouse]]\nkind = \"oracle\"", "warehouse[0].kind: \"oracle\" is not allowed; allowed is \"duckdb\""},
           {"[[warehouse]]\ndata_directories = \"/x\"", "warehouse[0].data_directories: the value has the wrong type"},
           {"[[warehouse]]\ndata_directories = [\"\"]", "warehouse[0].data_directories: an item is empty"},
           {"[[warehouse]]\n[[warehouse.table]]\nname = \"t\"", "warehouse[0].table[0].path: is missing"},
           {"[[warehouse]]\n[warehouse.table]\nname = \"t\"", "must be written [[warehouse.table]]"},
           {"[principal]\nname = \"a\"", "must be written [[principal]]"},
           {"[[principal]]\nweight = 1", "principal[0].name: is missing"},
           {"[[principal]]\nname = \"\"", "principal[0].name: \"\" is not allowed; allowed is a name of 1 to 64"},
           {"[[principal]]\nname = \"a b\"", "principal[0].name: \"a b\" is not allowed"},
           {"[[principal]]\nname = \"a\"\nweight = 0", "principal[0].weight: 0 is out of bounds"},
           {"[[principal]]\nname = \"a\"\nwait = 1", "\"principal[0].wait\": there is no such setting"},
           {"[[principal]]\nname = \"a\"\n[[principal]]\nname = \"a\"",
            "test.toml:4:8: principal[1].name: \"a\" is the name of another principal too"},
           {"[principals]\nweight = 1", "there is no such setting"},
           {"[principals]\nmax_stored = \"901TiB\"", "principals.max_stored: \"901TiB\" is out of bounds"},
           {"a = = 1", "test.toml:1:5: not TOML"},
       }) {
    EXPECT_THAT(mistake(toml), HasSubstr(part)) << toml;
  }
}

// toml++ 3.3 used header-only, with assertions on, ends the process here; the library does not.
TEST(Config, keys_that_cannot_be_are_a_mistake_and_no_crash) {
  for (const std::string& toml :
       {std::string("[\0\0a", 4), std::string("[*a]"), std::string("[.a]"), std::string("[[*")}) {
    EXPECT_THAT(mistake(toml), HasSubstr("test.toml:1:")) << toml;
  }
}

TEST(Config, settings_that_contradict_each_other_are_mistakes) {
  for (const auto& [toml, part] : std::vector<std::pair<std::string, std::string>>{
           {"[results]\nttl = \"31d\"", "test.toml:2:7: results.ttl: must not be more than results.ttl_max"},
           {"[results]\nresult_bytes_max = \"65GiB\"", "must not be more than results.disk_bytes_max"},
           {"[limits]\nstatement_bytes_max = \"3MiB\"", "must not be more than limits.body_bytes_max"},
           {"[limits]\npage_rows_max = 10",
            "default: limits.inline_rows_max: must not be more than limits.page_rows_max"},
           {"[[warehouse]]\ntimeout_max = \"1m\"", "warehouse[0].timeout_default: must not be more"},
           {"[[warehouse]]\nname = \"a\"\n[[warehouse]]\nname = \"a\"",
            "test.toml:4:8: warehouse[1].name: \"a\" is the name"},
           {"[[warehouse]]\ndefault = true\n[[warehouse]]\nname = \"b\"\ndefault = true",
            "test.toml:5:11: warehouse[1].default"},
           {"[[warehouse]]\n[[warehouse.table]]\nname = \"t\"\npath = \"a\"\n[[warehouse.table]]\nname = \"t\"\npath = "
            "\"b\"",
            "warehouse[0].table[1].name: \"t\" is the name of another table too"},
       }) {
    EXPECT_THAT(mistake(toml), HasSubstr(part)) << toml;
  }
}

TEST(Config, without_authentication_only_this_machine_is_served) {
  const std::string off = "[authentication]\nenabled = false\n[server]\nlisten = ";
  EXPECT_NO_THROW(good(off + "\"127.0.0.2:80\""));
  EXPECT_NO_THROW(good(off + "\"[::1]:80\""));
  for (const char* address : {"\"0.0.0.0:80\"", "\"[::]:80\"", "\"192.168.1.27:80\"", "\"[::ffff:127.0.0.1]:80\""}) {
    EXPECT_THAT(mistake(off + address), HasSubstr("turn authentication on")) << address;
  }
}

TEST(Config, all_mistakes_are_told_at_once_up_to_twenty) {
  const std::string two = mistake("[limits]\nwait_max = 1\nbatch_ids_max = 0");
  EXPECT_THAT(two, HasSubstr("test.toml:2:12: limits.wait_max"));
  EXPECT_THAT(two, HasSubstr("test.toml:3:17: limits.batch_ids_max"));
  std::string toml;
  for (int i = 0; i != 25; ++i) toml += "k" + std::to_string(i) + " = 1\n";
  EXPECT_THAT(mistake(toml), HasSubstr("\nand 5 more"));
}

TEST(Config, overrides_win_over_the_environment_and_that_over_the_file) {
  const std::string toml = "[log]\nlevel = \"warn\"\nstyle = \"json\"\n[data]\ndirectory = \"from-file\"";
  const Sources rest{
      .environment = {{"COATCHECK_LOG_LEVEL", "error"}, {"COATCHECK_DATA_DIRECTORY", "from-env"}},
      .overrides = {"log.level=debug", "warehouse.main.threads=3", "warehouse.main.data_directories=/a,/b"}};
  const auto loaded = load_text(toml, "test.toml", rest);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.log.level, "debug");
  EXPECT_EQ(loaded->settings.log.style, "json");
  EXPECT_EQ(loaded->settings.data.directory, "from-env");
  EXPECT_EQ(loaded->settings.warehouses[0].duckdb.threads, 3U);
  EXPECT_THAT(loaded->settings.warehouses[0].duckdb.data_directories, ElementsAre("/a", "/b"));
  EXPECT_EQ(loaded->origins.at("log.level"), "override");
  EXPECT_EQ(loaded->origins.at("data.directory"), "COATCHECK_DATA_DIRECTORY");
  EXPECT_EQ(loaded->origins.at("log.style"), "test.toml:3:9");
  EXPECT_FALSE(loaded->origins.contains("server.listen"));
}

TEST(Config, mistakes_in_overrides_and_variables_are_told_too) {
  const auto with = [](std::string text) { return mistake("", {.overrides = {std::move(text)}}); };
  EXPECT_EQ(with("limits.wait_max"), "override: \"limits.wait_max\": is not of the form section.setting=value");
  EXPECT_EQ(with("limits.x=1"), "override: \"limits.x\": there is no such setting");
  EXPECT_EQ(with("warehouse.lab.threads=1"), "override: \"warehouse.lab.threads\": there is no such warehouse");
  EXPECT_EQ(with("warehouse.main.x=1"), "override: \"warehouse.main.x\": there is no such setting");
  EXPECT_EQ(with("warehouse.x=1"), "override: \"warehouse.x\": there is no such warehouse");
  EXPECT_EQ(with("principal.ann.weight=1"),
            "override: \"principal.ann.weight\": there is no section for such a principal");
  EXPECT_EQ(with("principal.x=1"), "override: \"principal.x\": there is no section for such a principal");
  EXPECT_EQ(mistake("[[principal]]\nname = \"a\"", {.overrides = {"principal.a.x=1"}}),
            "override: \"principal.a.x\": there is no such setting");
  EXPECT_THAT(with("limits.batch_ids_max=-1"), HasSubstr("\"-1\" is not a whole number; allowed is a number from 1"));
  EXPECT_THAT(with("authentication.enabled=no"), HasSubstr("\"no\" is neither true nor false"));
  EXPECT_THAT(mistake("", {.environment = {{"COATCHECK_LISTEN", "here"}}}),
              HasSubstr("COATCHECK_LISTEN: server.listen"));
}

TEST(Config, the_file_is_the_one_asked_for_or_the_one_the_environment_names) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "coatcheck_config_test.toml";
  std::ofstream(path) << "[log]\nlevel = \"warn\"";
  const auto asked = load({.file = path});
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_EQ(asked->settings.log.level, "warn");
  const auto named = load({.environment = {{"COATCHECK_CONFIG", path.string()}}});
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(named->settings.log.level, "warn");
  std::filesystem::remove(path);
  const auto missing = load({.file = path});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, path.string() + ": cannot be read: No such file or directory");
  EXPECT_THAT(load({.file = "/"}).error().message, HasSubstr("it is a directory"));
}

TEST(Config, what_is_shown_as_effective_reads_back_as_the_same) {
  const auto loaded = load_text(R"(
    [limits]
    wait_max = "1500ms"
    body_bytes_max = 2097153
    [[warehouse]]
    name = "a"
    database = "it's \"x\" \\ y"
    data_directories = ["/a", "/b"]
    [[warehouse.table]]
    name = "t"
    path = "/a/t.csv"
  )",
                                "test.toml");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const std::string text = effective(*loaded);
  EXPECT_EQ(good(text), loaded->settings);
  EXPECT_THAT(text, HasSubstr("[limits]\nstatement_bytes_max = \"1MiB\"  # default\n"));
  EXPECT_THAT(text, HasSubstr("wait_max = \"1500ms\"  # test.toml:3:16\n"));
  EXPECT_THAT(text, HasSubstr("path = \"/a/t.csv\"  # test.toml:11:12\n"));
}

TEST(Config, the_example_says_the_defaults_commented_or_not) {
  EXPECT_EQ(good(example()), defaults());
  const std::string uncommented = std::regex_replace(example(), std::regex("\n#([a-z])"), "\n$1");
  ASSERT_NE(uncommented, example());
  EXPECT_EQ(good(uncommented), defaults());
  const auto warehouses = warehouse_catalog();
  const auto duckdbs = std::count_if(warehouses.begin(), warehouses.end(),
                                     [](const Setting<Warehouse>& setting) { return is_of_kind(setting, "duckdb"); });
  EXPECT_EQ(load_text(uncommented, "x")->origins.size(), settings_catalog().size() + static_cast<std::size_t>(duckdbs));
}

TEST(Config, the_examples_table_and_other_warehouses_are_good_ones) {
  std::string text = example();
  text = text.substr(text.find("#     [[warehouse.table]]"));
  text = "[[warehouse]]\n" + std::regex_replace(text, std::regex("#     "), "");
  const auto loaded = load_text(text, "x");
  ASSERT_TRUE(loaded) << loaded.error().message << "\n" << text;
  const auto& warehouses = loaded->settings.warehouses;
  ASSERT_EQ(warehouses.size(), 4U);
  EXPECT_EQ(warehouses[0].duckdb.tables.size(), 1U);
  EXPECT_THAT(loaded->settings.principals_of_note, ElementsAre(Principal{.name = "dashboards",
                                                                         .max_running = 2,
                                                                         .max_queued = 100,
                                                                         .max_waiting = 200,
                                                                         .max_claims = 20,
                                                                         .max_stored = Bytes{10} << 30,
                                                                         .weight = 1}));
  for (const auto& setting : warehouse_catalog()) {
    const std::string at = setting.kind == "adbc"    ? "warehouse[1]."
                           : setting.kind == "trino" ? "warehouse[2]."
                                                     : "warehouse[3].";
    if (!setting.kind.empty() && setting.kind != "duckdb") {
      EXPECT_TRUE(loaded->origins.contains(at + std::string(setting.name))) << setting.name;
    }
  }
}

TEST(Config, the_committed_example_is_the_one_that_the_catalog_makes) {
  EXPECT_EQ(file_text(EXAMPLE_FILE), example())
      << "make it again: coatcheck config --example > docs/config.example.toml";
}

TEST(Catalog, every_setting_is_named_once_in_a_known_section_and_its_default_is_allowed) {
  std::set<std::string_view> names;
  Settings settings = without_warehouses();
  for (const auto& setting : settings_catalog()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    const std::string_view section = setting.name.substr(0, setting.name.find('.'));
    EXPECT_TRUE(std::any_of(sections().begin(), sections().end(), [&](const Section& s) { return s.name == section; }));
    EXPECT_TRUE(check(setting.slot(settings), allowed(setting))) << setting.name;
    EXPECT_TRUE(setting.sentence.ends_with('.')) << setting.name;
  }
  Warehouse warehouse = default_warehouse();
  for (const auto& setting : warehouse_catalog()) {
    EXPECT_TRUE(check(setting.slot(warehouse), allowed(setting))) << setting.name;
    EXPECT_TRUE(names.insert(setting.name).second || !setting.kind.empty()) << setting.name;
    EXPECT_TRUE(setting.sentence.ends_with('.')) << setting.name;
  }
  Principal principal = default_principal();
  for (const auto& setting : principal_catalog()) {
    EXPECT_TRUE(check(setting.slot(principal), allowed(setting)) || setting.is_needed) << setting.name;
    EXPECT_TRUE(setting.sentence.ends_with('.')) << setting.name;
  }
}

}  // namespace
}  // namespace coatcheck::config
