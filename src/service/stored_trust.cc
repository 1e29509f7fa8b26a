#include "service/stored_trust.h"

#include <fmt/format.h>

#include "base/host_name.h"
#include "base/text.h"
#include "container/container_reader.h"
#include "snapshot/archive_ledger.h"
#include "store/archive/archive_name.h"
#include "wobackup/error.h"

namespace wobackup {

std::optional<std::string> exchanged_archive(const std::filesystem::path& archive, const ArchiveFile& content,
                                             const Config& config) {
  const std::optional<std::string> site = host_name(archive.parent_path().filename().string());
  const auto name = archive_name_from(archive.filename().string());
  if (!site || !name) return std::nullopt;
  const std::optional<ContainerReader> container = ContainerReader::open(content);
  const std::optional<LedgerEntry> made = ArchiveLedger(config.state_dir, *site).find(archive);
  if (made && !made->manifest_sha256.empty()) {
    if (container && hex(container->locator().manifest_sha256) == made->manifest_sha256) return std::nullopt;
    return "is not the archive that was copied there from here: somebody changed it";
  }
  if (!container) return std::nullopt;
  const ManifestHeader header = container->read_manifest_header();
  if (header.site != *site) return fmt::format("is a backup of {}: somebody exchanged it", printable(header.site));
  const auto inside = archive_name_from(header.name + std::string(archive_ending(false)));
  if (inside && inside->time == name->time) return std::nullopt;
  return fmt::format("is the backup {}: somebody exchanged it", printable(header.name));
}

void require_expected(const std::filesystem::path& archive, const ArchiveFile& content, const Config& config) {
  const std::optional<std::string> exchanged = exchanged_archive(archive, content, config);
  if (!exchanged) return;
  throw Error(ErrorKind::verification, fmt::format("{} {}", printable(archive.string()), *exchanged),
              "name another backup; `restore --target --salvage` takes what is there all the same");
}

}  // namespace wobackup
