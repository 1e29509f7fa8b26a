#include "snapshot/remembered_archives.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

#include "base/file_lock.h"
#include "snapshot/state_folder.h"

namespace wobackup {

RememberedArchive remembered_archives(const std::filesystem::path& state_dir, const std::string& site) {
  // Read when the first encrypted archive is met.
  const auto entries = std::make_shared<std::optional<std::map<std::string, LedgerEntry>>>();
  return [entries, ledger = ArchiveLedger(state_dir, site)](SnapshotRef& ref) {
    if (!*entries) *entries = ledger.by_archive();
    const auto place = (*entries)->find(ref.archive.string());
    if (place == (*entries)->end()) return false;
    const LedgerEntry& entry = place->second;
    if (entry.size_bytes != ref.size_bytes) {
      ref.problem = fmt::format("it has {} bytes, and {} were written", ref.size_bytes, entry.size_bytes);
      return true;
    }
    if (entry.backup_type.empty()) return false;  // only its name was known
    ref.type = entry.backup_type;
    ref.reason = entry.reason;
    ref.complete = ref.complete && entry.complete;
    ref.indexed = true;
    return true;
  };
}

std::size_t remember_archives(const std::vector<SnapshotRef>& found, const std::string& site, const Config& config) {
  const StateFolder state(config.state_dir);
  const FileLock lock(state.lock_file(site), fmt::format("list --rescan {}", site), std::chrono::seconds(0), {});
  const ArchiveLedger ledger(state.path(), site);
  const std::map<std::string, LedgerEntry> known = ledger.by_archive();
  std::size_t entered = 0;
  for (const SnapshotRef& ref : found) {
    if (!ref.encrypted || !ref.problem.empty()) continue;
    const auto place = known.find(ref.archive.string());
    const bool tells_more = ref.type && place != known.end() && place->second.backup_type.empty();
    if (place != known.end() && !tells_more) continue;
    LedgerEntry entry = tells_more ? place->second : LedgerEntry{};
    entry.archive = ref.archive.string();
    entry.name = ref.name;
    entry.size_bytes = ref.size_bytes;
    entry.created = rfc3339(ref.time);
    entry.complete = ref.complete;
    entry.encrypted = true;
    entry.backup_type = ref.type.value_or("");
    entry.reason = ref.reason.value_or("");
    ledger.add(entry);
    ++entered;
  }
  return entered;
}

}  // namespace wobackup
