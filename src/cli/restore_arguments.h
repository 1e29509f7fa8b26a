// What `restore` and `verify` are told.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace wobackup::cli {

struct RestoreArguments {
  std::string what;
  std::string path;
  std::string from;
  std::string target;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  bool files_only = false;
  bool database_only = false;
  std::string overwrite = "always";
  bool numeric_owner = false;
  bool dry_run = false;
  bool salvage = false;
  bool in_place = false;
  bool yes = false;
  bool accept_changed = false;
  bool shared = false;
  std::string site;
  std::string wait;
  bool live_load = false;
  bool no_check = false;
  std::vector<std::string> tables;
  bool undo = false;
  bool resume = false;
  bool abort = false;
  bool finish = false;
  bool discard = false;
  bool status = false;
};

struct VerifyArguments {
  std::vector<std::string> what;
  bool all = false;
  std::string path;
  std::string from;
  std::string level = "data";
  std::string sample;
};

void add_restore(CLI::App& app, RestoreArguments& restore);
void add_verify(CLI::App& app, VerifyArguments& verify);

}  // namespace wobackup::cli
