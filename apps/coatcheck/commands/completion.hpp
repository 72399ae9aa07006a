#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace coatcheck::commands {

// What can be written after one command: all that a shell has to know.
struct CommandWords {
  struct Word {
    std::string text;  // "--format", "-h", "submit".
    std::string description;
  };
  struct Value {
    std::string option;                     // "--format"
    bool is_file = false;                   // A file or directory comes behind it.
    std::vector<std::string> choices = {};  // Or one of these; empty for any text.
  };
  std::string path;  // "" for the program itself, "key create".
  std::vector<Word> commands;
  std::vector<Word> options;
  std::vector<Value> values;           // Of the options that take one.
  std::vector<std::string> arguments;  // Choices of the positional argument.
};

// Walks the command line, the program first.
std::vector<CommandWords> command_words(const CLI::App& root);

// Returns the script to be sourced by that shell: "bash", "zsh" or "fish".
std::string completion_script(const CLI::App& root, std::string_view shell);

}  // namespace coatcheck::commands
