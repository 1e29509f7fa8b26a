// Which files are further names of a file seen before.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace wobackup {

/// Remembers the first path of every file with several names until all its names have come. Its memory is bounded: when
/// it is full, further files are not remembered, and their other names become files of their own. Used from one thread.
class HardLinks {
 public:
  /// The first path of this file, if it came before.
  [[nodiscard]] std::optional<std::string> first_of(dev_t device, ino_t inode);
  /// Remembers the first path of a file with `names` names. Returns false if there is no room.
  bool remember(dev_t device, ino_t inode, std::uint64_t names, std::string path);

 private:
  struct Seen {
    std::string path;
    std::uint64_t names_left;
  };
  static constexpr std::size_t kLimitBytes = std::size_t{12} << 20U;
  static constexpr std::size_t kEntryBytes = 160;  // node, strings' heads

  std::map<std::pair<dev_t, ino_t>, Seen> seen_;
  std::size_t bytes_ = 0;
};

}  // namespace wobackup
