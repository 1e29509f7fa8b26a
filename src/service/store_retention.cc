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
#include "snapshot/update_reasons.h"
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

// Somebody wants to get back to it. Automatic updates make one each night.
bool is_kept_for_good(const std::string& reason) {
  return reason.starts_with("pre-") && reason != kAutoupdateReason && reason != kSingleUpdateReason;
}

bool is_way_back(const std::optional<PendingGuard>& guard, const std::filesystem::path& archive) {
  return guard && std::find(guard->archives.begin(), guard->archives.end(), archive) != guard->archives.end();
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
    if (place == known.end() || !place->second.complete || is_kept_for_good(place->second.reason)) return;
    const std::optional<PendingGuard> guard = pending_guard_of(site, environment.config);
    OpenStore store(settings, environment, {});
    const std::vector<Candidate> found = candidates(store, site, known, place->second);
    for (std::size_t i = *settings.keep; i < found.size(); ++i) {
      const std::filesystem::path archive = store.archive_of(found[i].key);
      if (archive == made.archive || is_way_back(guard, archive)) continue;
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

void remove_stored(const StoredName& archive, const std::string& site, const StoreEnvironment& environment) {
  OpenStore store(archive.store, environment, {});
  const std::filesystem::path address = store.archive_of(archive.key);
  const std::optional<LedgerEntry> made = ArchiveLedger(environment.config.state_dir, site).find(address);
  const std::optional<ObjectInfo> there = store.backend().stat(archive.key);
  if (!there) return;
  if (!made || made->size_bytes != there->size_bytes) {
    throw Error(ErrorKind::failed,
                fmt::format("{} was not removed: it is not what was made here", printable(address.string())));
  }
  store.backend().remove(archive.key);
}

}  // namespace wobackup
