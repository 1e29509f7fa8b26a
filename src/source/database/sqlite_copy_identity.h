// As whom a site's SQLite database is opened.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace wobackup {

/// A user and a group.
struct FileOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// Whose rights are enough for the file `path` below the folder `site_fd`: the file's owner, or if that is root the
/// owner of the nearest folder that is not root's; root only if nobody else can write to the file or to any of the
/// folders. Throws Error dump if root's file lies where a group or everybody can write.
[[nodiscard]] FileOwner owner_of_database(int site_fd, const std::string& path);

/// While it lives, the thread has the rights of `owner` in the file system and no others (setfsuid(2); supplementary
/// groups and the capabilities over files are gone). Does nothing unless the process is root and the owner is not.
/// Lives and dies on one thread. Throws Error dump if the kernel refuses.
class FileSystemIdentity {
 public:
  explicit FileSystemIdentity(const FileOwner& owner);
  FileSystemIdentity(const FileSystemIdentity&) = delete;
  FileSystemIdentity& operator=(const FileSystemIdentity&) = delete;
  ~FileSystemIdentity();

 private:
  void put_back() noexcept;

  bool changed_ = false;
  gid_t own_gid_ = 0;
  std::vector<gid_t> own_groups_;
};

}  // namespace wobackup
