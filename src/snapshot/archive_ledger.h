// The recorded sums of the archives made here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace wobackup {

/// One line of a ledger.
struct LedgerEntry {
  std::string archive;  ///< absolute path
  std::string name;     ///< without its ending
  std::uint64_t size_bytes = 0;
  std::string sha256;           ///< hex; empty if it was not made here, or its record is lost
  std::string manifest_sha256;  ///< hex, of the manifest, which has the hashes of all contents; cheap to compare
  std::string created;          ///< RFC 3339
  std::string type;             ///< "full", "db", "files": what was asked for
  bool complete = true;
  bool encrypted = false;
  /// What its vhost.json says: of an encrypted one, a server without the identity cannot read it back. Plain ones of
  /// earlier versions have none.
  std::string backup_type, reason;
};

/// A file of JSON lines for each site in the state folder, which only root can write. An archive under a path that site
/// users can write to is compared with it before it is trusted. Used under the site's lock.
class ArchiveLedger {
 public:
  ArchiveLedger(const std::filesystem::path& state_dir, const std::string& site);
  /// Appends and syncs.
  void add(const LedgerEntry& entry) const;
  /// Whether an archive of this name was ever made for the site. Lines that cannot be read are passed over.
  [[nodiscard]] bool has_name(const std::string& name) const;
  /// The latest entry for this path.
  [[nodiscard]] std::optional<LedgerEntry> find(const std::filesystem::path& archive) const;
  /// The latest entry of each archive, by its path.
  [[nodiscard]] std::map<std::string, LedgerEntry> by_archive() const;
  /// The latest complete one of this type.
  [[nodiscard]] std::optional<LedgerEntry> latest(std::string_view type) const;

 private:
  std::filesystem::path path_;
};

}  // namespace wobackup
