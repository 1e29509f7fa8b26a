// A JSON file that must tell the truth after a kill or a power cut.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "wobackup/json.h"

namespace wobackup {

/// One file below a folder that only root can write to. Written whole and synced, before anything that it tells is
/// done. Beside it lies a second one, `.<name>.reserve`, with room for all of it and some more: the two change places
/// at every save. So a file that was saved once can be saved again, as long as it hardly grows, also when the disk is
/// full; on file systems that write elsewhere what is overwritten (btrfs, ZFS) this is not promised.
class SyncedJson {
 public:
  SyncedJson(std::filesystem::path path, std::size_t limit_bytes);

  /// Nothing if there is no such file. Throws Error failed if it is not JSON.
  [[nodiscard]] std::optional<Json> load() const;
  /// Makes the folder (mode 0700) if it is missing. Throws Error failed, also for more than `limit_bytes`; no_space.
  void save(const Json& json) const;
  /// Synced, too; of the reserve as well. No file is no error.
  void remove() const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  void begin(const std::string& text, std::size_t room_bytes) const;

  std::filesystem::path path_;
  std::size_t limit_bytes_;
};

}  // namespace wobackup
