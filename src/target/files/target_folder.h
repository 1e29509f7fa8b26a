// The folder that a restore writes to, whose content may be hostile, as the archive may be.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/unique_fd.h"
#include "wobackup/error.h"

namespace wobackup {

/// Something stands where a restore wants to write, and may not be replaced. Whoever knows the archive can tell whether
/// it came from there.
class InTheWay final : public Error {
 public:
  InTheWay(std::string path, const std::string& what)
      : Error(ErrorKind::failed, printable(path) + ": " + what, "move it away, or restore into an empty folder"),
        path_(std::move(path)) {}
  /// What stands there, or something below it.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Opens and makes folders below one folder. No symbolic link is ever followed, and nothing outside is touched. Paths
/// are relative, of names joined by single slashes. Thread-safe.
class TargetFolder {
 public:
  /// `fd` outlives the object. `remember`: for `made`.
  explicit TargetFolder(int fd, bool remember = false) : fd_(fd), remember_(remember) {}

  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// A folder (O_PATH), the target itself for an empty path. Missing ones are made with mode 0700. Throws InTheWay
  /// if something that is no folder is there.
  [[nodiscard]] std::shared_ptr<const UniqueFd> open(std::string_view path);

  /// Whether `open` had to make this folder, if it remembers.
  [[nodiscard]] bool made(const std::string& path) const { return made_.contains(path); }

  /// What is at a path, to be read or changed: an empty descriptor and errno if it cannot be opened.
  [[nodiscard]] UniqueFd open_existing(std::string_view path, int flags) const;

 private:
  [[nodiscard]] UniqueFd make(std::string_view path);

  const int fd_;
  const bool remember_;
  std::mutex mutex_;
  std::set<std::string> made_;
  // Members come sorted by path, so the last few folders are those that are needed again.
  std::deque<std::pair<std::string, std::shared_ptr<const UniqueFd>>> recent_;
};

/// "a/b" and "c" of "a/b/c".
[[nodiscard]] std::pair<std::string_view, std::string> parent_and_name(std::string_view path);

/// A hidden name that nothing has.
[[nodiscard]] std::string temporary_name();

}  // namespace wobackup
