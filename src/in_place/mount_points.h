// Where file systems begin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wobackup {

/// One line of /proc/self/mountinfo.
struct MountPoint {
  std::string device;  ///< "8:1"
  std::string root;    ///< what of the file system is mounted: "/", or the folder that was bound
  std::string path;    ///< where
};

/// All that this process sees, in the order of mounting. Throws Error failed if that cannot be read.
[[nodiscard]] std::vector<MountPoint> mount_points();

/// Where an open folder lies inside its file system, and in which: "8:1" and a path. Nothing if no mount has it.
struct PlaceInFileSystem {
  std::string device, path;
};
[[nodiscard]] std::optional<PlaceInFileSystem> place_in_file_system(const std::string& real_path,
                                                                    const std::vector<MountPoint>& mounts);

/// Which mount an open file or folder belongs to: the kernel's number, or the device where kernels do not tell.
[[nodiscard]] std::uint64_t mount_of(int fd);
/// Whether the folder is where a mount begins; nothing where kernels do not tell.
[[nodiscard]] std::optional<bool> is_mount_root(int fd);

/// An open folder's path without symbolic links. Throws Error failed.
[[nodiscard]] std::string real_path_of(int fd);

/// "a/b" is in "a/b" and in "a".
[[nodiscard]] bool is_in(const std::string& path, const std::string& folder);

}  // namespace wobackup
