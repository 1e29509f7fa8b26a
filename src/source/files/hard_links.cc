#include "source/files/hard_links.h"

namespace wobackup {

std::optional<std::string> HardLinks::first_of(dev_t device, ino_t inode) {
  const auto place = seen_.find({device, inode});
  if (place == seen_.end()) return std::nullopt;
  std::string path = place->second.path;
  if (--place->second.names_left == 0) {
    bytes_ -= kEntryBytes + path.size();
    seen_.erase(place);
  }
  return path;
}

bool HardLinks::remember(dev_t device, ino_t inode, std::uint64_t names, std::string path) {
  if (bytes_ + kEntryBytes + path.size() > kLimitBytes) return false;
  bytes_ += kEntryBytes + path.size();
  seen_[{device, inode}] = {std::move(path), names - 1};
  return true;
}

}  // namespace wobackup
