// What `autoupdate` is told.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace wobackup::cli {

struct AutoupdateArguments {
  std::vector<std::string> words;  ///< "run" and sites, or "schedule", what to do, and sites
  bool all = false;
  bool dry_run = false;
  bool backup_only = false;
  bool no_visual = false;
  bool one_by_one = false;
  bool minor_only = false;
  bool core = false;
  bool plugins = false;
  bool themes = false;
  std::vector<std::string> exclude;
  std::string backup_dir;
  std::string wait;
  bool daily = false;
  bool hourly = false;
  std::string calendar;
};

void add_autoupdate(CLI::App& app, AutoupdateArguments& autoupdate);

extern const char* const kAutoupdateFooter;

}  // namespace wobackup::cli
