// coatcheck key: the API keys and public keys of the server whose data directory is on this machine.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "client/human.hpp"
#include "client/terminal.hpp"
#include "client/width.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/settings.hpp"
#include "principals/keyring.hpp"
#include "principals/public_key.hpp"

namespace coatcheck::commands {

namespace {

using client::ExitCode;
using client::Outcome;
using client::Trouble;

struct Options {
  Settings settings;
  std::string name;
  std::string role = "user";
  std::string public_key_file;
  std::string id;
};

Trouble trouble_of(const Error& error, std::string_view what) {
  ExitCode exit = error.code == Errc::io_error || error.code == Errc::corrupt ? ExitCode::local : ExitCode::usage;
  if (error.code == Errc::not_found) exit = ExitCode::not_found;
  std::string message = fmt::format("{}: {}", what, error.message);
  if (!error.detail.empty()) message += " (" + error.detail + ")";
  return {exit, std::move(message)};
}

Outcome<std::filesystem::path> key_file(const Settings& settings) {
  auto loaded = load(settings);
  if (!loaded) return std::move(loaded).error();
  return std::filesystem::path(loaded->settings.data.directory) / "keys.json";
}

Outcome<principals::Keyring> open(const std::filesystem::path& file) {
  auto keyring = principals::Keyring::open(file, disk(), system_clock());
  if (!keyring) return trouble_of(keyring.error(), file.string());
  return *std::move(keyring);
}

// Opens the keyring to add a key for the principal that the options name.
Outcome<principals::Keyring> open_to_add(const Options& options) {
  auto file = key_file(options.settings);
  if (!file) return std::move(file).error();
  if (!principals::is_principal_name(options.name)) {
    return Trouble{ExitCode::usage, fmt::format("\"{}\" is no name for a principal", options.name),
                   "1 to 64 of A-Z a-z 0-9 . _ @ -"};
  }
  if (auto made = make_durable_directories(disk(), file->parent_path()); !made)
    return trouble_of(made.error(), file->parent_path().string());
  return open(*file);
}

principals::Role role_of(const Options& options) {
  return principals::parse_role(options.role).value_or(principals::Role::user);
}

Outcome<ExitCode> create(const Options& options) {
  auto keyring = open_to_add(options);
  if (!keyring) return std::move(keyring).error();
  auto key = keyring->create(options.name, role_of(options));
  if (!key) return trouble_of(key.error(), "the key cannot be made");
  client::print(*key + "\n");
  if (client::look_at(2).is_terminal) {
    client::print_error(
        client::look_at(2).style.dim("this is the only time it is shown; a running server knows it within a "
                                     "second\nuse it with: export COATCHECK_KEY=…\n"));
  }
  return ExitCode::ok;
}

Outcome<principals::PublicKey> read_public_key(const std::string& path) {
  auto file = disk().open(path);
  if (!file) return Trouble{ExitCode::local, fmt::format("{}: {}", path, file.error().message)};
  const auto size = (*file)->size();
  if (!size) return Trouble{ExitCode::local, fmt::format("{}: {}", path, size.error().message)};
  // One byte more than a key may have is enough to refuse it.
  std::string pem(static_cast<std::size_t>(std::min<std::uint64_t>(*size, principals::public_key_bytes_max + 1)), '\0');
  if (auto got = (*file)->read_at(0, std::as_writable_bytes(std::span(pem))); !got)
    return Trouble{ExitCode::local, fmt::format("{}: {}", path, got.error().message)};
  auto key = principals::PublicKey::from_pem(pem);
  if (!key) return Trouble{ExitCode::usage, fmt::format("{}: {}", path, key.error().message)};
  return *std::move(key);
}

Outcome<ExitCode> add_public_key(const Options& options) {
  auto key = read_public_key(options.public_key_file);
  if (!key) return std::move(key).error();
  auto keyring = open_to_add(options);
  if (!keyring) return std::move(keyring).error();
  auto id = keyring->add(options.name, role_of(options), *key);
  if (!id) return trouble_of(id.error(), "the public key cannot be registered");
  client::print(fmt::format("{} {}\n", *id, key->fingerprint()));
  return ExitCode::ok;
}

Outcome<ExitCode> list(const Options& options) {
  auto file = key_file(options.settings);
  if (!file) return std::move(file).error();
  auto keyring = open(*file);
  if (!keyring) return std::move(keyring).error();
  const auto keys = keyring->list();
  if (keys.empty()) {
    client::print_error(fmt::format("no keys in {}: make one with: coatcheck key create NAME\n", file->string()));
    return ExitCode::ok;
  }
  std::size_t name_width = 9;
  for (const principals::Key& key : keys) name_width = std::max(name_width, key.principal.name.size());
  const client::Style style = client::look_at(1).style;
  std::string text = style.bold(fmt::format("{:<8}  {:<{}}  {:<5}  {:<19}  {:<19}  {}", "id", "principal", name_width,
                                            "role", "created", "revoked", "key")) +
                     "\n";
  for (const principals::Key& key : keys) {
    const std::string line =
        fmt::format("{:<8}  {:<{}}  {:<5}  {:<19}  {:<19}  {}", key.id, key.principal.name, name_width,
                    principals::to_string(key.principal.role), client::local_time(key.created),
                    key.revoked ? client::local_time(*key.revoked) : "",
                    key.public_key ? key.public_key->fingerprint() : "API key");
    text += (key.revoked ? style.dim(line) : line) + "\n";
  }
  client::print(text);
  return ExitCode::ok;
}

Outcome<ExitCode> revoke(const Options& options) {
  auto file = key_file(options.settings);
  if (!file) return std::move(file).error();
  auto keyring = open(*file);
  if (!keyring) return std::move(keyring).error();
  if (auto revoked = keyring->revoke(options.id); !revoked) return trouble_of(revoked.error(), options.id);
  return ExitCode::ok;
}

}  // namespace

void add_key(CLI::App& root, int& exit_code) {
  CLI::App* key = root.add_subcommand("key", "Make, register, list and revoke the server's keys, on its machine");
  key->require_subcommand(1);

  auto options = std::make_shared<Options>();
  CLI::App* command = key->add_subcommand("create", "Make a key and print it");
  command->add_option("NAME", options->name, "Whom the key stands for")->type_name("")->required();
  allow_only(command->add_option("--role", options->role, "user sees its own queries, admin everybody's")
                 ->capture_default_str(),
             "user|admin");
  add_settings(command, options->settings);
  command->footer(
      "Examples:\n"
      "  coatcheck key create reports@example --data /var/lib/coatcheck > reports.key\n"
      "  export COATCHECK_KEY=$(coatcheck key create me --role admin)");
  on_run(command, exit_code, [options] { return create(*options); });

  command = key->add_subcommand("register", "Register the public key of a client that signs in with a private one");
  command->add_option("NAME", options->name, "Whom the key stands for")->type_name("")->required();
  command->add_option("--public-key", options->public_key_file, "Its RSA public key, in PEM")
      ->type_name("FILE")
      ->required();
  allow_only(command->add_option("--role", options->role, "user sees its own queries, admin everybody's")
                 ->capture_default_str(),
             "user|admin");
  add_settings(command, options->settings);
  command->footer(
      "Examples:\n"
      "  openssl genrsa 2048 | openssl pkcs8 -topk8 -nocrypt -out rsa_key.p8\n"
      "  openssl rsa -in rsa_key.p8 -pubout -out rsa_key.pub\n"
      "  coatcheck key register --public-key rsa_key.pub reports@example --data /var/lib/coatcheck");
  on_run(command, exit_code, [options] { return add_public_key(*options); });

  command = key->add_subcommand("list", "List the keys, revoked ones too; never the text of an API key");
  add_settings(command, options->settings);
  command->footer("Example:\n  coatcheck key list --data /var/lib/coatcheck");
  on_run(command, exit_code, [options] { return list(*options); });

  command = key->add_subcommand("revoke", "Make a key useless");
  command->add_option("ID", options->id, "The key's id, as `coatcheck key list` shows it")->type_name("")->required();
  add_settings(command, options->settings);
  command->footer("Example:\n  coatcheck key revoke mzxw6ytb --data /var/lib/coatcheck");
  on_run(command, exit_code, [options] { return revoke(*options); });
}

}  // namespace coatcheck::commands
