// Reads the command line, runs the command, and is the one place that catches errors.
#include "cli/run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/from_option.h"

namespace wobackup::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  wobackup create example.com                  back up files and database
  wobackup create --all --reason nightly       all sites
  wobackup create example.com --db             the database only
  wobackup list example.com                    what there is, newest first
  wobackup info example.com/latest             what is known of one backup
  wobackup ls example.com htdocs               what a backup holds
  wobackup diff example.com live               what changed since
  wobackup guard example.com -- COMMAND        run it, and roll back if it fails
  wobackup copy example.com --to offsite       to S3, SFTP or another folder
  tar --zstd -xpf ARCHIVE                      plain tar opens every archive
  age -d -i KEY ARCHIVE.age | tar --zstd -xpf - and an encrypted one

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 incomplete, 4 only some of
the stores have it, 10 not found, 11 locked, 12 wrong or no key, 20 dump
failed, 21 damaged, 22 rolled back, 23 no space, 24 roll-back failed,
130 interrupted.)";

constexpr const char* kCreateFooter = R"(Examples:
  wobackup create example.com
  wobackup create example.com --db --reason pre-db-migration --meta ticket=1234
  wobackup create example.com --path /mnt/backups --exclude '*.log'
  wobackup create --all --wait 10m --limit-rate 20M
  wobackup create example.com --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgv...
  wobackup create example.com --to offsite --to sftp://backup@nas/srv/backups
Archives go to <site>/backup/<site name>/<time>.tar.zst, or below --path. An
incomplete backup (some files could not be read) exits 3 and is named
<time>_incomplete.tar.zst. With --to, it goes straight to all of these stores,
and nowhere else; `local` is the site's own folder. If some have it in the end
and some do not, it exits 4.)";

constexpr const char* kListFooter = R"(Examples:
  wobackup list                 all sites
  wobackup list example.com     one site, newest first
  wobackup list --from offsite  what a store has
  wobackup list example.com --json)";

constexpr const char* kCopyFooter = R"(Examples:
  wobackup copy example.com --to offsite              its latest complete backup
  wobackup copy example.com/2025-01-20_14-25-30 --to s3://bucket/prefix
  wobackup copy example.com --from offsite --to /root/backups
A store is named by its name in wobackup.toml, its URL, or a folder's path.
Archives are copied as they are, to all stores at once; nothing is replaced.
--encrypt, --encrypt-to and --decrypt change their encryption, and nothing else.)";

constexpr const char* kInfoFooter = R"(Examples:
  wobackup info example.com                          the latest complete backup
  wobackup info example.com/2025-01-20_14-25-30
  wobackup info /mnt/backups/example.com/2025-01-20_14-25-30.tar.zst --json)";

constexpr const char* kRestoreFooter = R"(Examples:
  wobackup restore example.com --target /root/example
  wobackup restore example.com --target /tmp/r --include htdocs/wp-content
  wobackup restore example.com --target /tmp/r --db
  wobackup restore damaged.tar.zst --target /tmp/r --salvage
  wobackup restore example.com --in-place --files
  wobackup restore example.com --in-place --files --include htdocs/wp-content
  wobackup restore example.com --in-place --from offsite
  wobackup restore --undo example.com
Nothing outside of DIR is touched, and every file's sha256 is compared.
In place, what was there is kept until --undo, --finish, or the next one.)";

constexpr const char* kVerifyFooter = R"(Examples:
  wobackup verify example.com                  its latest backup, every byte
  wobackup verify --all --sample 10%           a different tenth each time
  wobackup verify example.com --level quick    index and sizes only
  wobackup verify example.com --level drill    restored aside and started
  wobackup verify --all --from offsite         the latest of each site there)";

constexpr const char* kKeyFooter = R"(Examples:
  wobackup key generate /root/backup-key.txt     prints its recipient, age1...
  wobackup key show /root/backup-key.txt         prints it again
  wobackup key show                              whom backups are encrypted to
The file opens all backups made for its recipient: keep it elsewhere, twice.
The server needs the recipient only (docs/encryption.md).)";

constexpr const char* kDoctorFooter = R"(Examples:
  wobackup doctor               this machine, and every store of wobackup.toml
  wobackup doctor offsite       this store only
  wobackup doctor sftp://backup@nas/srv/backups --json
A small object of its own is written to each store, read, listed, overwritten
and removed, by the credentials that backups use; no backup is touched. It
says whether they could destroy backups, and what to set. Exits 1 if
something is bad; a warning exits 0.)";

constexpr const char* kSitesFooter = R"(Examples:
  wobackup sites                name, type, path, database, last backup
  wobackup sites --json         the same for programs)";

constexpr const char* kConfigFooter = R"(Examples:
  wobackup config validate
  wobackup --config /tmp/new.toml config show)";

constexpr const char* kCompletionFooter = R"(Examples:
  source <(wobackup completion bash)
  wobackup completion bash > /usr/share/bash-completion/completions/wobackup)";

constexpr const char* kVersionFooter = R"(Examples:
  wobackup version
  wobackup version --json)";

constexpr const char* kHelpFooter = R"(Examples:
  wobackup help                 what commands there are
  wobackup help create          one of them)";

struct Arguments {
  GlobalArguments global;
  CreateArguments create;
  ListArguments list;
  InfoArguments info;
  CopyArguments copy;
  RestoreArguments restore;
  GuardArguments guard;
  GuardArguments update;
  VerifyArguments verify;
  InspectArguments inspect;
  SitesArguments sites;
  DoctorArguments doctor;
  AutoupdateArguments autoupdate;
  KeyArguments keys;
  MakeKeyArguments key;
  ConfigArguments config;
  CompletionArguments completion;
  std::string help_for;
  bool show_version = false;
};

void add_globals(CLI::App& app, Arguments& arguments) {
  app.add_option("--config", arguments.global.config_file, "Config file (/etc/wobackup/wobackup.toml)")
      ->type_name("FILE");
  app.add_flag("--json", arguments.global.verbosity.json, "One JSON object a line");
  app.add_flag("-q,--quiet", arguments.global.verbosity.quiet, "Only errors");
  app.add_flag("-v,--verbose", arguments.global.verbosity.level, "More remarks; -vv for all");
}

void add_create(CLI::App& app, CreateArguments& create) {
  app.add_option("SITE", create.sites, "Sites to back up")->type_name("");
  app.add_flag("--all", create.all, "All sites, disabled ones too");
  app.add_flag("--db", create.database_only, "Only the database (--type db)");
  app.add_flag("--files", create.files_only, "Only the files (--type files)");
  app.add_option("--type", create.type, "full, db or files")->type_name("T");
  app.add_option("--path", create.path, "Where archives go: ROOT/<site>/")->type_name("ROOT");
  app.add_option("--to", create.to, "To this store, and others named so; or local")
      ->type_name("STORE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--reason", create.reason, "Why (default: manual)")->type_name("TEXT");
  app.add_option("--meta", create.meta, "Metadata KEY=VALUE for vhost.json; repeatable")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--meta-json", create.meta_json, "Metadata as a JSON object; - reads stdin")->type_name("FILE");
  app.add_option("--exclude", create.exclude, "Leave out what matches; repeatable")
      ->type_name("GLOB")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--exclude-caches", create.exclude_caches, "Leave out what caches hold");
  app.add_option("--site-json", create.site_json, "A site described by JSON; - reads stdin")->type_name("FILE");
  app.add_option("--wait", create.wait, "Wait for another run on the site, e.g. 10m")->type_name("TIME");
  app.add_option("--threads", create.threads, "Compressing threads, 1 to 64")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""));
  app.add_option("--level", create.level, "zstd level, 1 to 19")
      ->type_name("N")
      ->check(CLI::Range(1, 19).description(""));
  app.add_option("--verify", create.verify, "Verify it right away: quick, data or drill")->type_name("LEVEL");
  app.add_option("--recipient", create.recipients, "Encrypt to this age key, age1...; repeatable")
      ->type_name("KEY")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--recipients-file", create.recipients_files, "Encrypt to those in this file; repeatable")
      ->type_name("FILE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--plain", create.plain, "Do not encrypt, whatever the settings say");
  app.add_option("--limit-rate", create.limit_rate, "Bytes written per second, e.g. 20M")->type_name("RATE");
}

void add_copy(CLI::App& app, CopyArguments& copy) {
  app.add_option("BACKUP", copy.what, "SITE (its latest), SITE/NAME or a path; several")->type_name("");
  app.add_option("--to", copy.to, "The store's name or URL, or a folder; repeatable")
      ->type_name("STORE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--path", copy.path, "Where the archives are: ROOT/<site>/")->type_name("ROOT");
  add_from(app, copy.from);
  app.add_flag("--encrypt", copy.encrypt, "Encrypt to the store's recipients, or the site's");
  app.add_option("--encrypt-to", copy.encrypt_to, "Encrypt to this one (age1...); repeatable")
      ->type_name("RECIPIENT")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--plain,--decrypt", copy.plain, "Not encrypted; decrypted, if it is");
}

// One subcommand with the global options, which may come before or behind its name.
CLI::App* add_command(CLI::App& app, Arguments& arguments, const char* name, const char* text, const char* footer) {
  CLI::App* command = app.add_subcommand(name, text);
  add_globals(*command, arguments);
  command->group("Commands");
  command->footer(footer);
  return command;
}

const char* const kCommands[] = {"create", "list",    "info",   "copy",       "ls",      "find",       "diff",
                                 "dump",   "restore", "verify", "guard",      "update",  "autoupdate", "key",
                                 "sites",  "doctor",  "config", "completion", "version", "help"};

std::string nearest_command(const std::string& word) {
  std::string best;
  std::size_t least = 3;
  for (const char* name : kCommands) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best.empty() ? "`wobackup help` lists the commands" : fmt::format("did you mean \"{}\"?", best);
}

// Of the whole program, or of one of its commands. (App::help() would explain the command that is running.)
std::string help_text(const CLI::App& app, const CLI::App& about) {
  const std::string name = &about == &app ? app.get_name() : app.get_name() + " " + about.get_name();
  std::string text = app.get_formatter()->make_help(&about, name, CLI::AppFormatMode::Normal);
  // CLI11 leaves empty lines where options are hidden.
  for (std::size_t at = 0; (at = text.find("\n\n\n", at)) != std::string::npos;) text.erase(at, 1);
  return text;
}

// The first word that is no option.
std::string command_word(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--config") {
      ++i;
    } else if (!words[i].empty() && words[i][0] != '-') {
      return words[i];
    }
  }
  return "";
}

bool is_command(const std::string& word) {
  return std::find(std::begin(kCommands), std::end(kCommands), word) != std::end(kCommands);
}

// What CLI11 found wrong, in our words.
Error usage_error(const CLI::ParseError& error, const std::vector<std::string>& words) {
  const std::string word = command_word(words);
  const bool unexpected = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  if (unexpected && !word.empty() && !is_command(word)) {
    return {ErrorKind::usage, fmt::format("\"{}\" is not a command", printable(word)), nearest_command(word)};
  }
  std::string text = error.what();
  const std::size_t colon = text.find(": ");
  if (unexpected && colon != std::string::npos) {
    text.erase(0, colon + 2);
    text = text.starts_with('-') ? "unknown option: " + text : fmt::format("unexpected argument: \"{}\"", text);
  }
  if (unexpected && (word == "guard" || word == "update")) {
    return {ErrorKind::usage, printable(text), "the command to run stands behind --, with all its options"};
  }
  return {ErrorKind::usage, printable(text),
          is_command(word) ? fmt::format("see `wobackup {} --help`", word) : "see `wobackup help`"};
}

int dispatch(const CLI::App& app, const Arguments& arguments, Output& output) {
  const auto chosen = [&app](const char* name) { return app.get_subcommand(name)->parsed(); };
  if (chosen("version") || arguments.show_version) return version_command(output);
  if (chosen("completion")) return completion_command(arguments.completion, output);
  if (chosen("help")) {
    const std::string& topic = arguments.help_for;
    if (!topic.empty() && !is_command(topic)) {
      throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a command", printable(topic)), nearest_command(topic));
    }
    output.terminal().out << help_text(app, topic.empty() ? app : *app.get_subcommand(topic));
    return 0;
  }
  if (app.get_subcommands().empty()) {
    if (output.json()) throw Error(ErrorKind::usage, "no command was given", "`wobackup help` lists the commands");
    output.terminal().err << help_text(app, app);
    return exit_code(ErrorKind::usage);
  }
  const std::optional<std::filesystem::path> file =
      arguments.global.config_file ? path_argument(*arguments.global.config_file) : std::nullopt;
  Config config = Config::load(file);
  apply(arguments.keys, config, output);
  if (chosen("config")) return config_command(arguments.config, config, output);
  if (chosen("key")) return key_command(arguments.key, config, output);
  if (chosen("create")) return create_command(arguments.create, arguments.keys, std::move(config), output);
  Service service = make_service(std::move(config), output);
  if (chosen("list")) return list_command(arguments.list, service, output);
  if (chosen("restore")) return restore_command(arguments.restore, service, output);
  if (chosen("guard")) return guard_command(arguments.guard, service, output);
  if (chosen("update")) return update_command(arguments.update, service, output);
  if (chosen("verify")) return verify_command(arguments.verify, service, output);
  if (chosen("autoupdate")) return autoupdate_command(arguments.autoupdate, arguments.keys, service, output);
  if (chosen("ls")) return ls_command(arguments.inspect.ls, service, output);
  if (chosen("find")) return find_command(arguments.inspect.find, service, output);
  if (chosen("diff")) return diff_command(arguments.inspect.diff, service, output);
  if (chosen("dump")) return dump_command(arguments.inspect.dump, service, output);
  if (chosen("copy")) return copy_command(arguments.copy, service, output);
  if (chosen("doctor")) return doctor_command(arguments.doctor, service, output);
  if (chosen("info")) return info_command(arguments.info, service, output);
  return sites_command(arguments.sites, service, output);
}

void build(CLI::App& app, Arguments& arguments) {
  app.require_subcommand(0, 1);
  app.set_help_flag("-h,--help", "Explain");
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("Positionals", "Arguments");
  app.footer(kFooter);
  app.get_formatter()->column_width(32);
  add_globals(app, arguments);
  app.add_flag("-V,--version", arguments.show_version, "Print the version");
  CLI::App* create = add_command(app, arguments, "create", "Back up sites", kCreateFooter);
  add_create(*create, arguments.create);
  add_passphrase(*create, arguments.keys, "Encrypt with");
  CLI::App* list = add_command(app, arguments, "list", "List backups, newest first", kListFooter);
  list->add_option("SITE", arguments.list.site, "Only this site")->type_name("");
  list->add_option("--path", arguments.list.path, "Where the archives are: ROOT/<site>/")->type_name("ROOT");
  add_from(*list, arguments.list.from);
  list->add_flag("--names", arguments.list.names)->group("");
  list->add_flag("--rescan", arguments.list.rescan, "Enter encrypted ones into the catalog first");
  CLI::App* info = add_command(app, arguments, "info", "Show what is known of a backup", kInfoFooter);
  info->add_option("BACKUP", arguments.info.what, "SITE, SITE/latest, SITE/NAME or a path")->type_name("");
  info->add_option("--path", arguments.info.path, "Where the archives are: ROOT/<site>/")->type_name("ROOT");
  add_from(*info, arguments.info.from);
  add_copy(*add_command(app, arguments, "copy", "Copy backups to other stores", kCopyFooter), arguments.copy);
  add_restore(*add_command(app, arguments, "restore", "Get files back", kRestoreFooter), arguments.restore);
  add_verify(*add_command(app, arguments, "verify", "Prove that backups can be restored", kVerifyFooter),
             arguments.verify);
  add_guard(*add_command(app, arguments, "guard", "Run a command that can be taken back", kGuardFooter),
            arguments.guard);
  add_update(*add_command(app, arguments, "update", "The same before an update, in short", kUpdateFooter),
             arguments.update);
  add_ls(*add_command(app, arguments, "ls", "List what a backup holds", kLsFooter), arguments.inspect.ls);
  add_find(*add_command(app, arguments, "find", "Find files in backups", kFindFooter), arguments.inspect.find);
  add_diff(*add_command(app, arguments, "diff", "Show what differs", kDiffFooter), arguments.inspect.diff);
  add_dump(*add_command(app, arguments, "dump", "Print a file or table of a backup", kDumpFooter),
           arguments.inspect.dump);
  add_autoupdate(
      *add_command(app, arguments, "autoupdate", "Update WordPress sites, with a way back", kAutoupdateFooter),
      arguments.autoupdate);
  for (const char* name : {"create", "list", "info", "copy", "restore", "verify", "ls", "find", "diff", "dump", "guard",
                           "update", "autoupdate"}) {
    add_identity(*app.get_subcommand(name), arguments.keys);
    if (std::string_view(name) != "create") add_passphrase(*app.get_subcommand(name), arguments.keys, "Open with");
  }
  CLI::App* key = add_command(app, arguments, "key", "Make and show keys for encryption", kKeyFooter);
  key->add_option("ACTION", arguments.key.action, "generate or show")->type_name("");
  key->add_option("FILE", arguments.key.files, "The file of the key")->type_name("");
  add_passphrase(*key, arguments.keys, "Open FILE with");
  CLI::App* sites = add_command(app, arguments, "sites", "List the sites", kSitesFooter);
  sites->add_flag("--names", arguments.sites.names)->group("");
  CLI::App* doctor = add_command(app, arguments, "doctor", "Try stores and this machine", kDoctorFooter);
  doctor->add_option("STORE", arguments.doctor.stores, "Only these stores: names or URLs")->type_name("");
  CLI::App* config = add_command(app, arguments, "config", "Show or check the settings", kConfigFooter);
  config->add_option("ACTION", arguments.config.action, "show or validate")->type_name("");
  CLI::App* completion =
      add_command(app, arguments, "completion", "Print a shell's completion script", kCompletionFooter);
  completion->add_option("SHELL", arguments.completion.shell, "bash")->type_name("");
  add_command(app, arguments, "version", "Print the version", kVersionFooter);
  CLI::App* help = add_command(app, arguments, "help", "Explain a command", kHelpFooter);
  help->add_option("COMMAND", arguments.help_for, "The command")->type_name("");
}

// Of commands that run another one: what stands behind the first "--" is that one's, whatever it looks like.
std::vector<std::string> take_guarded(const std::vector<std::string>& words, Arguments& arguments) {
  const std::string command = command_word(words);
  const auto mark = std::find(words.begin(), words.end(), "--");
  if ((command != "guard" && command != "update") || mark == words.end()) return words;
  (command == "guard" ? arguments.guard : arguments.update).command.assign(mark + 1, words.end());
  return {words.begin(), mark};
}

}  // namespace

int run(const std::vector<std::string>& words, Terminal& terminal) {
  CLI::App app("The backup service of WordOps servers.", "wobackup");
  Arguments arguments;
  build(app, arguments);
  const std::vector<std::string> own = take_guarded(words, arguments);
  std::vector<std::string> reversed(own.rbegin(), own.rend());
  int exit = 0;
  std::optional<Error> failure;
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    terminal.out << help_text(app, chosen.empty() ? app : *chosen.front()) << std::flush;
    return terminal.out ? 0 : exit_code(ErrorKind::failed);
  } catch (const CLI::ParseError& error) {
    failure = usage_error(error, own);
    arguments.global.verbosity.json = std::find(own.begin(), own.end(), "--json") != own.end();
  }
  Output output(terminal, arguments.global.verbosity);
  try {
    if (failure) throw Error(*failure);
    exit = dispatch(app, arguments, output);
    output.flush();
    return exit;
  } catch (const ClosedOutput&) {
    return 0;
  } catch (const Error& error) {
    failure = error;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    // A mistake of ours; it must not look like success or like a crash.
    failure = Error(ErrorKind::failed, fmt::format("internal error: {}", printable(error.what())));
  }
  output.error(*failure);
  exit = exit_code(failure->kind());
  if (output.json()) output.object("summary", {{"exit_code", exit}});
  return exit;
}

}  // namespace wobackup::cli
