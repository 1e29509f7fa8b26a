#include "snapshot/archive_trust.h"

#include <fmt/format.h>

#include "base/host_name.h"
#include "base/text.h"

namespace wobackup {
namespace {

std::optional<LedgerEntry> in_ledger_of(const std::string& name, const std::filesystem::path& archive,
                                        const Config& config) {
  const std::optional<std::string> site = host_name(name);
  return site ? ArchiveLedger(config.state_dir, *site).find(archive) : std::nullopt;
}

}  // namespace

std::optional<LedgerEntry> recorded_of(const std::filesystem::path& archive, const ContainerReader* container,
                                       const Config& config) {
  // "./NAME" of somebody who stands in the folder is the same file; a store's address stays as it is.
  const std::filesystem::path known = archive.is_absolute() ? archive.lexically_normal() : archive;
  // The folder first: what lies in it may say of itself what it likes.
  std::optional<LedgerEntry> entry = in_ledger_of(known.parent_path().filename().string(), known, config);
  if (!entry && container != nullptr) entry = in_ledger_of(container->read_manifest_header().site, known, config);
  return entry;
}

ArchiveTrust trust_in(const std::filesystem::path& archive, const ContainerReader* container, const Config& config) {
  const std::optional<LedgerEntry> entry = recorded_of(archive, container, config);
  if (!entry || entry->manifest_sha256.empty()) return ArchiveTrust::unknown;
  const bool same = container != nullptr && entry->manifest_sha256 == hex(container->locator().manifest_sha256);
  return same ? ArchiveTrust::recorded : ArchiveTrust::changed;
}

void warn_of_stranger(const std::filesystem::path& archive, ArchiveTrust trust, const LogSink& log) {
  if (!log || trust == ArchiveTrust::recorded) return;
  const char* what = trust == ArchiveTrust::changed
                         ? "is not the archive that was made here under this name: somebody changed it"
                         : "is not recorded as made here: be sure that you know where it comes from";
  log(LogLevel::warning, fmt::format("{} {}", printable(archive.string()), what));
}

}  // namespace wobackup
