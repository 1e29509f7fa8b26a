// vhost.json: what is known of a site at the moment of its backup.
#pragma once

#include <chrono>

#include "wobackup/json.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// What a backup really takes.
struct BackupScope {
  bool files = false;
  bool database = false;
};

/// The fields in their fixed order: the site's record (booleans as 0 and 1, unknown values as null), backup_timestamp,
/// backup_reason, backup_type, backup_scope, and then the extra metadata. Extra metadata may replace backup_type and
/// backup_reason; Error usage if it names another fixed field or is no object. Never a password.
[[nodiscard]] Json vhost_metadata(const Site& site, const CreateOptions& options, const BackupScope& scope,
                                  std::chrono::sys_seconds time);

}  // namespace wobackup
