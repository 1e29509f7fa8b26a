// What a drill makes beside the real things: a folder and a database that nobody needs afterwards.
#pragma once

#include <filesystem>
#include <string>

#include "base/unique_fd.h"
#include "database/my_cnf.h"
#include "wobackup/config.h"
#include "wobackup/log.h"

namespace wobackup {

/// Written down, and synced, before anything of it is made: in `drills/` of the state folder, in a file that is locked
/// while this object lives. So the next run can remove what a killed one left, and never what another one uses.
class Scratch {
 public:
  /// Makes the entry and the folder `wobackup-drill-<random>` (root's, mode 0700) in config.scratch_dir.
  explicit Scratch(const Config& config);
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  /// As `remove`, but what fails is left for the next run.
  ~Scratch();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] int fd() const noexcept { return folder_.get(); }
  /// A name for a database on this server, which `remove` drops with its user. A site's own login, which is no admin's,
  /// may have rights on the shadows of its database only: `own` is that.
  [[nodiscard]] std::string add_database(const ServerLogin& maker, bool by_admin, const std::string& own);
  /// It was not made after all.
  void forget_database();
  /// Throws Error failed.
  void remove();

 private:
  void save() const;

  const Config& config_;
  std::filesystem::path entry_;
  std::filesystem::path path_;
  UniqueFd lock_;
  UniqueFd parent_;
  UniqueFd folder_;
  std::string database_;
  ServerLogin maker_;
  bool by_admin_ = false;
};

/// Removes what killed runs left. What cannot be removed now (a server that is down) is logged, and stays for the next
/// time. Never throws.
void sweep_scratch(const Config& config, const LogSink& log) noexcept;

}  // namespace wobackup
