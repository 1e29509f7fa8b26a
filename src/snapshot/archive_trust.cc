#include "snapshot/archive_trust.h"

#include "base/host_name.h"
#include "snapshot/archive_ledger.h"

namespace wobackup {

ArchiveTrust trust_in(const std::filesystem::path& archive, const ContainerReader& container, const Config& config) {
  const std::optional<std::string> site = host_name(container.read_manifest_header().site);
  if (!site) return ArchiveTrust::unknown;
  const std::optional<LedgerEntry> entry = ArchiveLedger(config.state_dir, *site).find(archive);
  if (!entry || entry->manifest_sha256.empty()) return ArchiveTrust::unknown;
  return entry->manifest_sha256 == hex(container.locator().manifest_sha256) ? ArchiveTrust::recorded
                                                                            : ArchiveTrust::changed;
}

}  // namespace wobackup
