#include "commands/commands.hpp"

#include <CLI/CLI.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace coatcheck::commands {
namespace {

// Parses a command line without running the command.
std::string mistake(std::vector<std::string> arguments) {
  int exit_code = 0;
  CLI::App root;
  add_commands(root, exit_code);
  // All is read and checked by then, and no command has run.
  struct Parsed {};
  root.parse_complete_callback([] { throw Parsed(); });
  std::reverse(arguments.begin(), arguments.end());
  try {
    root.parse(arguments);
    return "the command has run";
  } catch (const Parsed&) {
    return "";
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
}

TEST(CommandLine, takes_what_the_documentation_shows) {
  EXPECT_EQ(mistake({"submit", "--wait", "--param", "5", "--param", "-5", "--timeout", "30s", "--row-limit", "10",
                     "SELECT ?"}),
            "");
  EXPECT_EQ(mistake({"submit", "-"}), "");
  EXPECT_EQ(mistake({"submit", "--priority", "-10", "SELECT 1"}), "");
  EXPECT_EQ(mistake({"submit", "--", "-- a comment\nSELECT 1"}), "");
  EXPECT_EQ(mistake({"submit", "--file", "report.sql", "--output", "x.parquet", "--format", "parquet", "--wait"}), "");
  EXPECT_EQ(mistake({"wait", "0193a3c5-8a4e-7c11-b5a1-0d5f7a3b9c42", "--timeout", "10m"}), "");
  EXPECT_EQ(mistake({"result", "id", "--offset", "1000", "--limit", "100", "--format", "ndjson"}), "");
  EXPECT_EQ(mistake({"history", "--status", "RUNNING,QUEUED", "--limit", "5", "--json"}), "");
  EXPECT_EQ(mistake({"key", "create", "status", "--role", "admin", "--data", "x"}), "");
  EXPECT_EQ(mistake({"config", "--set", "a=b", "--set", "c=d"}), "");
}

TEST(CommandLine, a_parameter_takes_one_value_and_not_the_statement_after_it) {
  // The second statement would be one too many.
  EXPECT_NE(mistake({"submit", "--param", "5", "SELECT ?", "SELECT ?"}), "");
  EXPECT_EQ(mistake({"config", "--set", "a=b", "extra"}).empty(), false);
}

TEST(CommandLine, refuses_what_makes_no_sense) {
  EXPECT_NE(mistake({}), "");
  EXPECT_NE(mistake({"result"}), "");
  EXPECT_NE(mistake({"result", "id", "--format", "xml"}).find("none of table|json"), std::string::npos);
  EXPECT_NE(mistake({"submit", "SELECT 1", "--timeout", "soon"}).find("no duration"), std::string::npos);
  EXPECT_NE(mistake({"submit", "SELECT 1", "--row-limit", "-1"}), "");
  EXPECT_NE(mistake({"result", "id", "--offset", "-1"}), "");
  EXPECT_NE(mistake({"submit", "SELECT 1", "--row-limit", "1e3"}), "");
  EXPECT_NE(mistake({"submit", "SELECT 1", "--priority", "101"}).find("from -100 to 100"), std::string::npos);
  EXPECT_NE(mistake({"submit", "SELECT 1", "SELECT 2"}), "");
  EXPECT_NE(mistake({"submit", "SELECT 1", "--output", "x.csv"}).find("--wait"), std::string::npos);
}

TEST(CommandLine, every_command_shows_examples) {
  int exit_code = 0;
  CLI::App root;
  add_commands(root, exit_code);
  const std::function<void(const CLI::App*)> look = [&](const CLI::App* app) {
    for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
      const bool has_commands = !command->get_subcommands([](const CLI::App*) { return true; }).empty();
      if (!has_commands) {
        EXPECT_NE(command->get_footer().find("Example"), std::string::npos) << command->get_name();
      }
      look(command);
    }
  };
  look(&root);
}

}  // namespace
}  // namespace coatcheck::commands
