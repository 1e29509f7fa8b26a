// /var/lib/wobackup: locks and records.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

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

/// The same lock_file, for whoever only looks.
[[nodiscard]] std::filesystem::path lock_file_in(const std::filesystem::path& state_dir, const std::string& site);

/// The sites that have a journal `<state_dir>/<part>/<site>.json`, sorted by name. No such folder has none.
[[nodiscard]] std::vector<std::string> journaled_sites(const std::filesystem::path& state_dir, const char* part);

}  // namespace wobackup
