// A site's folder, whose content anybody may have planted.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace wobackup {

/// Finds and opens files of one site, never outside of its folder. A folder that cannot be opened is like an empty one.
class SiteFolder {
 public:
  explicit SiteFolder(std::filesystem::path path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Names ending in "-config.php" of everything but folders, sorted. Throws Error failed for more than anybody has.
  [[nodiscard]] std::vector<std::string> config_files() const;

  /// The same path with the links on it replaced by what they lead to, inside the folder: deployments link htdocs to a
  /// release and wp-config.php to a shared one. Nothing if it is missing; throws Error failed for a link that leads
  /// outside or nowhere.
  [[nodiscard]] std::optional<std::string> without_links(const std::string& relative) const;

  /// A regular file's content; nothing if it is missing. Throws Error failed for a link as above, for anything that is
  /// not a regular file, and for more than `limit_bytes`.
  [[nodiscard]] std::optional<std::string> read(const std::string& relative, std::size_t limit_bytes) const;

  /// Whether something is there, links followed wherever they lead. Only for saying what is not read.
  [[nodiscard]] bool seems_to_have(const std::string& relative) const;

  /// Whether this path, on which no link may be, is a regular file.
  [[nodiscard]] bool has_file(const std::string& relative) const;

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace wobackup
