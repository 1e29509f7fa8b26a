// Numbers of named owners.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "container/entry.h"

namespace wobackup {

/// Who shall own what is restored. A name that this machine knows comes first, since its number may differ from the
/// one on the machine that was backed up; with `numeric`, the numbers as they are. Thread-safe.
class OwnerIds {
 public:
  explicit OwnerIds(bool numeric) : numeric_(numeric) {}
  /// Throws Error verification for numbers that no system has.
  [[nodiscard]] uid_t user(const Entry& entry);
  [[nodiscard]] gid_t group(const Entry& entry);

 private:
  const bool numeric_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> users_, groups_;  // -1: there is none
};

}  // namespace wobackup
