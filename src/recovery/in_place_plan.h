// What a restore in place is about, and whether it makes sense, before anything is begun.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "base/cancellation.h"
#include "base/unique_fd.h"
#include "recovery/restore_in_place.h"
#include "site/database_login.h"
#include "store/archive/archive_file.h"
#include "store/archive/archive_reader.h"

namespace wobackup {

/// What of an archive is to be restored.
struct ArchiveParts {
  bool files = false;
  bool database = false;
};

/// An archive's file with its reader.
class OpenArchive {
 public:
  /// `stored`: the archive as it is stored, if it is no file of this machine; the path is its name then.
  OpenArchive(const std::filesystem::path& path, const Keys& keys,
              std::shared_ptr<const RandomAccess> stored = nullptr);
  [[nodiscard]] const ArchiveReader& reader() const noexcept { return *reader_; }

 private:
  std::unique_ptr<ArchiveFile> file_;
  std::unique_ptr<ArchiveReader> reader_;
};

/// Throws Error usage for options that contradict each other. Logs a missing vhost.
void require_sense(const Site& site, const InPlaceOptions& options, const Config& config, const LogSink& log);

/// Reads every byte of the archive and compares it with what was recorded. Throws Error verification.
void require_proven(const std::filesystem::path& archive, const InPlaceOptions& options,
                    const InPlaceEnvironment& environment);

/// What the archive has of what is wanted. Throws Error usage if that is nothing.
[[nodiscard]] ArchiveParts parts_of(const std::filesystem::path& archive, const InPlaceOptions& options,
                                    const InPlaceEnvironment& environment);

/// Whose word a database is taken by.
struct NamedDatabase {
  SiteDatabase database;
  bool by_live = true;  ///< the live config files, registry and settings; else the restored config file and the others
};

/// The site's database, whose own login must work: as the live config files, registry and settings name it. If they
/// contradict each other, or their login does not work (a site that was destroyed, or hacked), the config file in
/// `staged` (the site as it lies in the stage) takes the live one's place. Nothing if the site has none. Throws what
/// speaks against the live one if the other is no better, and Error usage if the two name different databases that both
/// work, and neither registry nor settings decide.
[[nodiscard]] std::optional<NamedDatabase> database_of(const Site& site, const std::optional<Site>& staged,
                                                       const Config& config, const Cancellation& cancellation);

/// Throws Error usage if other sites use the database, and options.shared does not say that this is known.
void require_own(const SiteDatabase& database, const InPlaceOptions& options, const Config& config);

/// Throws Error not_found for a path that the archive does not have, and what find_borders and exchanged_for throw:
/// what can be known of files before anything is staged.
void require_exchangeable(const Site& site, const ArchiveReader& archive, const std::vector<std::string>& include);

/// A file without a name in this folder.
[[nodiscard]] UniqueFd spool_in(const std::filesystem::path& folder);

}  // namespace wobackup
