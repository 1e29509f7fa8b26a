// What was proven of each archive, and when.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wobackup/verify.h"

namespace wobackup {

/// A file's identity, as far as it can be told without reading it: a result is forgotten when it changes.
struct ArchiveIdentity {
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  std::string version = {};  ///< of an object of a store elsewhere (ObjectInfo::version)
  friend bool operator==(const ArchiveIdentity&, const ArchiveIdentity&) = default;
};

/// Nothing if there is no such file.
[[nodiscard]] std::optional<ArchiveIdentity> identity_of(const std::filesystem::path& archive);

/// Appends a result to the site's file in the state folder (JSON lines), and syncs it.
void add_verified(const std::filesystem::path& state_dir, const std::string& site, const std::filesystem::path& archive,
                  const ArchiveIdentity& identity, const VerifyRecord& record);

/// The results of one site's archives, as they were at construction.
class VerifyHistory {
 public:
  VerifyHistory(const std::filesystem::path& state_dir, const std::string& site);
  /// The highest level that was proven, or the last failure since which nothing has proven as much or more. Nothing if
  /// the file has changed since.
  [[nodiscard]] std::optional<VerifyRecord> find(const std::filesystem::path& archive) const;
  /// The same of an archive that is no file of this machine.
  [[nodiscard]] std::optional<VerifyRecord> find(const std::filesystem::path& archive,
                                                 const std::optional<ArchiveIdentity>& identity) const;

 private:
  std::map<std::string, std::vector<std::pair<ArchiveIdentity, VerifyRecord>>, std::less<>> results_;
};

}  // namespace wobackup
