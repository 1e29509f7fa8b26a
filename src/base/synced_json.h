// A JSON file that must tell the truth after a kill or a power cut.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "wobackup/json.h"

namespace wobackup {

/// One file below a folder that only root can write to. Written whole and synced, before anything that it tells is
/// done.
class SyncedJson {
 public:
  SyncedJson(std::filesystem::path path, std::size_t limit_bytes);

  /// Nothing if there is no such file. Throws Error failed if it is not JSON.
  [[nodiscard]] std::optional<Json> load() const;
  /// Makes the folder (mode 0700) if it is missing. Throws Error failed, also for more than `limit_bytes`; no_space.
  void save(const Json& json) const;
  /// Synced, too. No file is no error.
  void remove() const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  std::size_t limit_bytes_;
};

}  // namespace wobackup
