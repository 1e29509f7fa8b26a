// A change that is taken back if it fails: the pattern of everything that may break a site.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "wobackup/wobackup.h"

namespace example {

/// Runs the command behind a guard: what it may harm is backed up first, and nothing is changed without a good backup;
/// if the command fails, or the site is not as well as before, what was backed up comes back. Throws Error: of the kind
/// rolled_back if it was taken back, of another if it was not begun.
inline int change_behind_a_guard(wobackup::Service& service, const wobackup::Site& site,
                                 const wobackup::GuardOptions& options, const std::vector<std::string>& command) {
  if (command.empty()) throw wobackup::Error(wobackup::ErrorKind::usage, "there is no command after --");
  wobackup::GuardCommand change;
  change.argv = command;  // as the owner of htdocs, in the site's folder

  const wobackup::GuardResult kept = service.guard(site, options, change);
  std::printf("backup: %s\n", kept.archive.c_str());
  for (const std::string& note : kept.notes) std::fprintf(stderr, "%s\n", note.c_str());
  return 0;
}

}  // namespace example
