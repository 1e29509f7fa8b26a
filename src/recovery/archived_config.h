// A backup's config files, before anything else of it is staged.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "recovery/scratch.h"
#include "store/archive/archive_reader.h"
#include "wobackup/config.h"
#include "wobackup/site.h"

namespace wobackup {

/// Holds the files that name a site's database in a folder of root's own in the state folder, which goes with this
/// object; what a killed run leaves, sweep_scratch removes.
class ArchivedConfig {
 public:
  /// Throws Error as restore_into does. `archive` is the reader's file; `stored`: as OpenArchive's.
  ArchivedConfig(const std::filesystem::path& archive, const ArchiveReader& reader, const Config& config,
                 std::shared_ptr<const RandomAccess> stored = nullptr);

  /// The site as it would lie in the stage, as far as its config files go. Nothing if they cannot be told without all
  /// the rest: one of them is a link.
  [[nodiscard]] std::optional<Site> as_staged(const Site& site) const;

 private:
  Config config_;  // with the state folder for scratch, where nobody else may look
  std::optional<Scratch> scratch_;
};

}  // namespace wobackup
