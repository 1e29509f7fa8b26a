// What the command line says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"

namespace wobackup::cli {

struct GlobalArguments {
  std::optional<std::string> config_file;
  Verbosity verbosity;
};

struct CreateArguments {
  std::vector<std::string> sites;
  bool all = false;
  bool database_only = false;
  bool files_only = false;
  std::string type;
  std::string path;
  std::vector<std::string> to;
  std::string reason = "manual";
  std::vector<std::string> meta;
  std::string meta_json;
  std::vector<std::string> exclude;
  bool exclude_caches = false;
  std::string site_json;
  std::string wait;
  std::optional<unsigned> threads;
  std::optional<int> level;
  std::string limit_rate;
  std::string verify;
};

struct ListArguments {
  std::string site;
  std::string path;
  std::string from;
  bool names = false;
};

struct InfoArguments {
  std::string what;
  std::string path;
  std::string from;
};

struct CopyArguments {
  std::vector<std::string> what;
  std::string path;
  std::string from;
  std::vector<std::string> to;
};

struct SitesArguments {
  bool names = false;
};

struct ConfigArguments {
  std::string action;
};

struct CompletionArguments {
  std::string shell;
};

}  // namespace wobackup::cli
