// /var/lib/wobackup: locks and records.
#pragma once

#include <filesystem>
#include <string>

namespace wobackup {

/// Makes the folder and its parts (mode 0700) if they are missing. Throws Error failed with a hint if it cannot be
/// written to, or if others than root and this process's user could.
class StateFolder {
 public:
  explicit StateFolder(std::filesystem::path path);
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// REQUIRES: `site` is a valid host name.
  [[nodiscard]] std::filesystem::path lock_file(const std::string& site) const;

 private:
  std::filesystem::path path_;
};

}  // namespace wobackup
