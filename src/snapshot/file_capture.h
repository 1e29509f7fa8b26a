// Puts a site's files into an archive.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "source/files/tree_walker.h"
#include "store/archive/archive_writer.h"
#include "wobackup/config.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// The consistent copy of a database file that lies among the site's files.
struct LiveDatabaseFile {
  std::string path;  ///< relative to the site's folder
  int copy_fd = -1;  ///< -1: leave the file out
  std::uint64_t size_bytes = 0;
};

/// What a scan beside the backup has found so far.
struct ScanTotals {
  std::atomic<std::uint64_t> files{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<bool> ended{false};
};

/// What of a site's folder is taken, and how.
struct FileCapture {
  const Site& site;
  const SiteSettings& settings;  ///< effective ones
  const CreateOptions& options;
  bool exclude_caches = false;
  std::map<std::string, int> elsewhere = {};  ///< as WalkOptions::elsewhere
  std::vector<std::string> config_files;      ///< in the site's folder; they are stored before the tree
  std::optional<LiveDatabaseFile> live_database;
  int backup_root_fd = -1;
  std::function<UniqueFd()> make_spool;
};

/// The globs of what is left out, for the manifest.
[[nodiscard]] std::vector<std::string> left_out_of(const FileCapture& capture);

/// Opens the site's folder. Throws not_found if it or its htdocs is missing.
[[nodiscard]] std::shared_ptr<const FileRoot> open_site_folder(const Site& site);

/// Stores the config files, then the tree. Everything that goes wrong with single files ends up in the record.
void capture_files(const FileCapture& capture, const std::shared_ptr<const FileRoot>& folder, OwnerNames& names,
                   ArchiveWriter& writer, SnapshotRecord& record, const Cancellation& cancellation);

/// Visits what `capture_files` would store, sorted by path, without reading any content. What cannot be looked at goes
/// to `on_unreadable`.
void visit_files(const FileCapture& capture, const std::shared_ptr<const FileRoot>& folder, OwnerNames& names,
                 const std::function<void(std::string_view path, std::string what)>& on_unreadable,
                 const std::function<void(SourceMember)>& visit);

/// Counts what `capture_files` will read, for the progress. Ends early when told to stop.
void scan_files(const FileCapture& capture, const std::shared_ptr<const FileRoot>& folder, OwnerNames& names,
                ScanTotals& totals, const std::stop_token& stop);

}  // namespace wobackup
