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
  std::vector<std::string> recipients;
  std::vector<std::string> recipients_files;
  bool plain = false;
};

/// What opens encrypted backups; `create` encrypts with a passphrase so given.
struct KeyArguments {
  std::vector<std::string> identities;
  std::string identity_command;
  std::string passphrase_file;
  std::optional<int> passphrase_fd;
  std::string passphrase_command;
  bool ask_passphrase = false;
  [[nodiscard]] bool has_passphrase() const {
    return ask_passphrase || passphrase_fd || !passphrase_file.empty() || !passphrase_command.empty();
  }
  [[nodiscard]] bool any() const { return has_passphrase() || !identities.empty() || !identity_command.empty(); }
};

/// `wobackup key`
struct MakeKeyArguments {
  std::string action;
  std::vector<std::string> files;
};

struct ListArguments {
  std::string site;
  std::string path;
  std::string from;
  bool names = false;
  bool rescan = false;
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
  bool encrypt = false, plain = false;
  std::vector<std::string> encrypt_to;
};

struct DoctorArguments {
  std::vector<std::string> stores;
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
