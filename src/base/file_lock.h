// A lock that the kernel drops when its holder ends, however it ends.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"

namespace wobackup {

/// An exclusive flock on a file, held while the object lives. The file holds a line about the holder (pid, since when,
/// what it does) for whoever meets the lock; it is never removed, since removing it would break the exclusion.
class FileLock {
 public:
  /// Takes the lock, waiting up to `wait`. Throws Error locked (retryable), naming the holder from the file, and
  /// interrupted when `cancelled` says so meanwhile.
  FileLock(const std::filesystem::path& path, const std::string& purpose, std::chrono::seconds wait,
           const std::function<bool()>& cancelled);

  /// The line about whoever holds it now; nothing if nobody does, or it cannot be looked at. Takes the lock, shared,
  /// for a moment.
  [[nodiscard]] static std::optional<std::string> holder_of(const std::filesystem::path& path);

  /// For who shall hold it longer: a child that keeps this descriptor open.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace wobackup
