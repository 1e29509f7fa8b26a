#include "service/store_retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "guard/pending_guard.h"
#include "snapshot/archive_ledger.h"
#include "store/archive/archive_name.h"

namespace wobackup {
namespace {

struct Candidate {
  std::chrono::sys_seconds time;
  std::string key;
};

bool same_kind(const LedgerEntry& one, const LedgerEntry& other) {
  return one.type == other.type && one.reason == other.reason;
}

// Those that count, newest first.
std::vector<Candidate> candidates(OpenStore& store, const std::string& site,
                                  const std::map<std::string, LedgerEntry>& known, const LedgerEntry& made) {
  std::vector<Candidate> found;
  store.backend().list(site + "/", "", [&](const ObjectInfo& info) {
    const auto name = archive_name_from(info.key.substr(site.size() + 1));
    const auto place = known.find(store.archive_of(info.key).string());
    if (!name || !name->complete() || place == known.end()) return true;
    const LedgerEntry& entry = place->second;
    if (entry.complete && entry.size_bytes == info.size_bytes && same_kind(entry, made)) {
      found.push_back({name->time, info.key});
    }
    return true;
  });
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) { return b.time < a.time; });
  return found;
}

}  // namespace

void remove_beyond_keep(const StoreSettings& settings, const std::string& site, Stored& made,
                        const StoreEnvironment& environment) {
  if (!settings.keep) return;
  try {
    const auto known = ArchiveLedger(environment.config.state_dir, site).by_archive();
    const auto place = known.find(made.archive.string());
    if (place == known.end() || !place->second.complete || place->second.reason.starts_with("pre-")) return;
    const std::optional<PendingGuard> guard = pending_guard_of(site, environment.config);
    OpenStore store(settings, environment, {});
    const std::vector<Candidate> found = candidates(store, site, known, place->second);
    for (std::size_t i = *settings.keep; i < found.size(); ++i) {
      const std::filesystem::path archive = store.archive_of(found[i].key);
      if (archive == made.archive || (guard && guard->archive == archive)) continue;
      store.backend().remove(found[i].key);
      made.removed.push_back(archive);
      if (environment.log) {
        environment.log(LogLevel::info,
                        fmt::format("removed {}: {} newer ones are kept", printable(archive.string()), *settings.keep));
      }
    }
  } catch (const Error& error) {
    if (!environment.log) return;
    environment.log(LogLevel::warning,
                    fmt::format("{}: older backups were not removed: {}", printable(settings.url), error.message()));
  }
}

}  // namespace wobackup
