// What `guard` and `update` are told.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace wobackup::cli {

struct GuardArguments {
  std::string site;
  std::string site_json;
  std::vector<std::string> command;  ///< what stands behind "--"
  std::string type;
  bool database_only = false;
  bool files_only = false;
  std::string reason;
  std::vector<std::string> meta;
  std::string meta_json;
  std::vector<std::string> checks;
  bool no_checks = false;
  bool shared = false;
  bool live_load = false;
  std::string user;
  std::string timeout;
  std::string path;
  std::vector<std::string> to;
  std::string wait;
  bool resume = false;
  bool abort = false;
  bool status = false;
};

void add_guard(CLI::App& app, GuardArguments& guard);
void add_update(CLI::App& app, GuardArguments& guard);

inline constexpr const char* kGuardFooter = R"(Examples:
  wobackup guard example.com --type db --reason pre-db-migration -- wp migrate
  wobackup guard example.com --check http --check http:/shop/ -- ./deploy.sh
  wobackup guard example.com --user root -- wo site update example.com --php83
  wobackup guard example.com --to local --to offsite -- ./deploy.sh
  wobackup guard --abort example.com
The command runs in the site's folder, as the owner of htdocs. If it or a check
fails, what was backed up is restored: exit 22 (24 if that fails, too). Where
backups are encrypted, it needs the key from the beginning: --identity FILE.
Without --to and --path, the backup goes to guard.stores of the settings, else
to local and to stores. With --to offsite alone, a roll-back fetches it there.
Checks: http, http:/page, wp, php-log, php-log:/file, command:/program.)";

inline constexpr const char* kUpdateFooter = R"(Examples:
  wobackup update example.com --db -- wp core update-db --path=htdocs
  wobackup update example.com --files -- wp plugin update --all --path=htdocs
A short form of `guard` with the reason pre-db-update or pre-file-update.)";

}  // namespace wobackup::cli
