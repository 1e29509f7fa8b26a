// Mounts that only the test sees, and that go with it.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <vector>

namespace wobackup::test {

/// A mount namespace of this process' own. Where that is not permitted, `allowed` is false: skip the test.
class PrivateMounts {
 public:
  PrivateMounts() {
    allowed_ = ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }
  PrivateMounts(const PrivateMounts&) = delete;
  PrivateMounts& operator=(const PrivateMounts&) = delete;
  ~PrivateMounts() {
    for (auto point = points_.rbegin(); point != points_.rend(); ++point) ::umount2(point->c_str(), MNT_DETACH);
  }

  [[nodiscard]] bool allowed() const { return allowed_; }

  /// The mount point is made.
  bool tmpfs(const std::filesystem::path& point) {
    std::filesystem::create_directories(point);
    if (::mount("wobackup-test", point.c_str(), "tmpfs", 0, "size=64m,mode=755") != 0) return false;
    points_.push_back(point);
    return true;
  }
  bool bind(const std::filesystem::path& what, const std::filesystem::path& point) {
    if (std::filesystem::is_directory(what)) std::filesystem::create_directories(point);
    if (::mount(what.c_str(), point.c_str(), nullptr, MS_BIND, nullptr) != 0) return false;
    points_.push_back(point);
    return true;
  }

 private:
  bool allowed_ = false;
  std::vector<std::filesystem::path> points_;
};

}  // namespace wobackup::test
