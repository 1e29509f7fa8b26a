#include "cli/key_arguments.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {

void add_identity(CLI::App& app, KeyArguments& keys) {
  app.add_option("--identity", keys.identities, "Secret key that opens encrypted backups")
      ->type_name("FILE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--identity-command", keys.identity_command, "A program that prints it")->type_name("CMD");
}

void add_passphrase(CLI::App& app, KeyArguments& keys, const std::string& what_for) {
  app.add_option("--passphrase-file", keys.passphrase_file, what_for + " the passphrase in it")->type_name("FILE");
  app.add_option("--passphrase-fd", keys.passphrase_fd, "... read from this descriptor")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
  app.add_option("--passphrase-command", keys.passphrase_command, "... printed by this program")->type_name("CMD");
  app.add_flag("--passphrase", keys.ask_passphrase, "... asked for at the terminal");
}

std::vector<std::string> command_argument(const std::string& text, const char* option) {
  std::vector<std::string> argv;
  if (text.starts_with('[')) {
    const Json json = Json::parse(text, nullptr, false);
    bool texts = json.is_array();
    for (const Json& each : json) texts = texts && each.is_string();
    if (texts) argv = json.get<std::vector<std::string>>();
  } else {
    for (const std::string_view word : split(text, ' ')) {
      if (!word.empty()) argv.emplace_back(word);
    }
  }
  if (argv.empty() || argv.front().empty()) {
    throw Error(
        ErrorKind::usage, fmt::format("{} names no program", option),
        fmt::format("for example {} 'pass show backup', or {} '[\"pass\", \"show\", \"my backup\"]'", option, option));
  }
  return argv;
}

namespace {

void apply_passphrase(const KeyArguments& arguments, KeySources& sources, Terminal& terminal) {
  const int ways = (arguments.passphrase_file.empty() ? 0 : 1) + (arguments.passphrase_fd ? 1 : 0) +
                   (arguments.passphrase_command.empty() ? 0 : 1) + (arguments.ask_passphrase ? 1 : 0);
  if (ways > 1) {
    throw Error(ErrorKind::usage, "only one of --passphrase, -file, -fd and -command can be given");
  }
  if (terminal.ask_secret) sources.ask_passphrase = terminal.ask_secret;
  if (ways == 0) return;
  sources.passphrase_file = path_argument(arguments.passphrase_file);
  sources.passphrase_fd = arguments.passphrase_fd;
  sources.passphrase_command.clear();
  if (!arguments.passphrase_command.empty()) {
    sources.passphrase_command = command_argument(arguments.passphrase_command, "--passphrase-command");
  }
  if (arguments.ask_passphrase && !terminal.ask_secret) {
    throw Error(ErrorKind::usage, "there is no terminal to ask for the passphrase",
                "--passphrase-file, --passphrase-fd and --passphrase-command need none");
  }
}

}  // namespace

void apply(const KeyArguments& arguments, Config& config, Output& output) {
  KeySources sources = config.keys.sources();
  if (!arguments.identities.empty() || !arguments.identity_command.empty()) {
    sources.identity_files.clear();
    sources.identity_command.clear();
  }
  for (const std::string& file : arguments.identities) {
    if (lower_ascii(file).starts_with("age-secret-key-")) {
      throw Error(ErrorKind::usage, "--identity takes a file, not the key itself",
                  "others could read it from the list of processes; a key that was given so should be replaced");
    }
    sources.identity_files.push_back(path_argument(file).value());
  }
  if (!arguments.identity_command.empty()) {
    sources.identity_command = command_argument(arguments.identity_command, "--identity-command");
  }
  apply_passphrase(arguments, sources, output.terminal());
  config.keys = Keys(std::move(sources));
}

}  // namespace wobackup::cli
