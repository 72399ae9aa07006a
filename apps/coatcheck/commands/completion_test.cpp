#include "commands/completion.hpp"

#include <CLI/CLI.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "commands/commands.hpp"

namespace coatcheck::commands {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;

struct CommandLine {
  int exit_code = 0;
  CLI::App root;
  CommandLine() { add_commands(root, exit_code); }
};

std::vector<std::string> texts(const std::vector<CommandWords::Word>& words) {
  std::vector<std::string> out;
  for (const auto& word : words) out.push_back(word.text);
  return out;
}

// What bash offers for the last of `words`, sorted.
std::vector<std::string> bash_offers(const std::string& words) {
  CommandLine line;
  std::string script = completion_script(line.root, "bash");
  script += "COMP_WORDS=(" + words +
            "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _coatcheck; printf '%s\\n' \"${COMPREPLY[@]}\"\n";
  // A name of its own for each call: ctest runs these tests side by side.
  std::string file = testing::TempDir() + "/coatcheck-completion-XXXXXX";
  FILE* out = fdopen(mkstemp(file.data()), "w");
  EXPECT_NE(out, nullptr);
  std::fputs(script.c_str(), out);
  std::fclose(out);
  FILE* shell = popen(("bash " + file).c_str(), "r");
  std::vector<std::string> offers;
  char text[512];
  while (std::fgets(text, sizeof text, shell) != nullptr) {
    offers.emplace_back(text);
    offers.back().pop_back();
  }
  EXPECT_EQ(pclose(shell), 0);
  std::remove(file.c_str());
  std::sort(offers.begin(), offers.end());
  return offers;
}

TEST(Completion, every_script_has_every_command_and_option_of_the_command_line) {
  CommandLine line;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(line.root, shell);
    for (const CommandWords& words : command_words(line.root)) {
      for (const std::string& command : texts(words.commands))
        EXPECT_NE(script.find(command), std::string::npos) << shell << " " << command;
      for (const std::string& option : texts(words.options)) {
        const std::string name = std::string(shell) == "fish" ? option.substr(option.find_first_not_of('-')) : option;
        EXPECT_NE(script.find(name), std::string::npos) << shell << " " << words.path << " " << option;
      }
    }
  }
}

TEST(Completion, the_words_are_those_of_the_command_line) {
  CommandLine line;
  std::vector<std::string> paths;
  for (const CommandWords& words : command_words(line.root)) {
    paths.push_back(words.path);
    if (words.path == "submit") {
      EXPECT_THAT(texts(words.options),
                  IsSupersetOf({"--help", "--wait", "--param", "--server", "--key-file", "--output"}));
      EXPECT_THAT(words.values, Contains(testing::Field(&CommandWords::Value::option, "--file")));
      EXPECT_THAT(words.values, testing::Not(Contains(testing::Field(&CommandWords::Value::option, "--wait"))));
    }
  }
  EXPECT_THAT(paths, ElementsAre("", "submit", "status", "wait", "result", "cancel", "history", "key", "key create",
                                 "key register", "key list", "key revoke", "config", "version", "completion"));
}

TEST(Completion, bash_offers_commands) {
  EXPECT_THAT(bash_offers("coatcheck s"), ElementsAre("status", "submit"));
  EXPECT_THAT(bash_offers("coatcheck key ''"), ElementsAre("create", "list", "register", "revoke"));
}

TEST(Completion, bash_offers_options_of_the_command) {
  EXPECT_THAT(bash_offers("coatcheck result 0193 --o"), ElementsAre("--offset", "--output"));
  EXPECT_THAT(bash_offers("coatcheck key create --r"), ElementsAre("--role"));
}

TEST(Completion, bash_offers_what_an_option_takes) {
  EXPECT_THAT(bash_offers("coatcheck result 0193 --format p"), ElementsAre("parquet"));
  EXPECT_THAT(bash_offers("coatcheck key create me --role ''"), ElementsAre("admin", "user"));
  EXPECT_THAT(bash_offers("coatcheck completion ''"), ElementsAre("bash", "fish", "zsh"));
}

}  // namespace
}  // namespace coatcheck::commands
