#include "recovery/archived_config.h"

#include <fcntl.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshot/restore.h"

namespace wobackup {
namespace {

// As SiteFolder::config_files and find_site_configs look for them.
bool may_name_a_database(std::string_view path) {
  if (path == "htdocs/wp-config.php") return true;
  return path.find('/') == std::string_view::npos && path.ends_with("-config.php");
}

}  // namespace

ArchivedConfig::ArchivedConfig(const std::filesystem::path& archive, const ArchiveReader& reader, const Config& config,
                               std::shared_ptr<const RandomAccess> stored)
    : config_(config) {
  config_.scratch_dir = config_.state_dir;
  config_.min_free_bytes = 0;  // some KiB, for a moment
  std::vector<std::string> files;
  bool plain = true;
  reader.entries([&](const ManifestEntry& listed) {
    if (!may_name_a_database(listed.entry.path) || listed.entry.type == EntryType::directory) return;
    plain = plain && listed.entry.type == EntryType::file;
    files.push_back(listed.entry.path);
  });
  if (!plain) return;
  scratch_.emplace(config_);
  if (files.empty()) return;
  RestoreOptions options;
  options.target = scratch_->path();
  // No globs: a name may hold what would be one.
  for (const std::string& file : files) {
    if (file.find_first_of("*?[\\") == std::string::npos) options.include.push_back(file);
  }
  const auto folder = [this] { return UniqueFd(::fcntl(scratch_->fd(), F_DUPFD_CLOEXEC, 0)); };
  static_cast<void>(restore_into(folder, archive, options, {config_, {}, std::move(stored)}));
}

std::optional<Site> ArchivedConfig::as_staged(const Site& site) const {
  if (!scratch_) return std::nullopt;
  Site staged = site;
  staged.path = scratch_->path();
  return staged;
}

}  // namespace wobackup
