// As whom a guarded command, or a check of the admin's, runs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/attended_run.h"
#include "wobackup/site.h"

namespace wobackup {

struct CommandUser {
  std::string name;       ///< for messages: "www-data", or the number
  UserIdentity identity;  ///< with the user's groups
  bool changes = false;   ///< it is another one than this process's
  /// PATH, HOME, USER, LOGNAME, SHELL and LANG.
  std::vector<std::pair<std::string, std::string>> environment;
};

/// The user of this name or number; without one, the owner of htdocs. Throws Error usage if there is no such user, if
/// htdocs belongs to root (who must be asked for by name), if it cannot be told whose it is, or if this process may not
/// become that user.
[[nodiscard]] CommandUser command_user(const Site& site, const std::optional<std::string>& wanted);

}  // namespace wobackup
