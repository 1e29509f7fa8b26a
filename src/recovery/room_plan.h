// Room for both copies of a site.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "store/archive/partial_archive.h"
#include "wobackup/config.h"

namespace wobackup {

/// What a restore in place will write, by file system: files and database often share one.
class RoomPlan {
 public:
  /// So many bytes more in the folder's file system. The descriptor may be an O_PATH one.
  void add(int folder_fd, const std::filesystem::path& folder, std::uint64_t bytes);
  /// Throws Error no_space for a file system that would not keep free what shall stay free.
  void require(const Config& config) const;

 private:
  struct Part {
    dev_t file_system = 0;
    std::filesystem::path folder;  // the first that was named
    Space space;
    std::uint64_t bytes = 0;
  };
  std::vector<Part> parts_;
};

}  // namespace wobackup
