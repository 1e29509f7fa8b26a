// A change that is taken back if it fails: the pattern of everything that may break a site.
#pragma once

#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>
#include <vector>

#include "wobackup/wobackup.h"

extern char** environ;

namespace example {

/// Runs a command without a shell. True if it ended with 0.
inline bool succeeds(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  int status = 0;
  if (::posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return false;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Backs up what the change may harm, and changes nothing without a good backup. If the command fails, what was backed
/// up comes back. Returns the exit code; throws Error.
inline int change_with_backup(wobackup::Service& service, const wobackup::Site& site,
                              const wobackup::CreateOptions& options, const std::vector<std::string>& command) {
  using wobackup::ErrorKind;
  if (command.empty()) throw wobackup::Error(ErrorKind::usage, "there is no command after --");

  const wobackup::Created backup = service.create(site, options);
  if (!backup.complete) {  // published all the same, since it is better than nothing; but nothing to rely on
    std::fprintf(stderr, "%llu paths could not be read: nothing was changed\n",
                 static_cast<unsigned long long>(backup.unreadable_count));
    return wobackup::exit_code(ErrorKind::incomplete);
  }
  std::printf("backup: %s\n", backup.archive.c_str());
  std::fflush(stdout);
  if (succeeds(command)) return 0;

  wobackup::InPlaceOptions restore;
  restore.files = backup.has_files;
  restore.database = backup.has_database;
  const wobackup::RestoredInPlace restored = service.restore_in_place(site, backup.archive, restore);
  for (const std::string& note : restored.notes) std::fprintf(stderr, "%s\n", note.c_str());
  std::fprintf(stderr, "%s: the change failed, and was taken back\n", site.name.c_str());
  return wobackup::exit_code(ErrorKind::rolled_back);
}

}  // namespace example
