#include "service/store_archives.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include "backend/read_ahead.h"
#include "base/host_name.h"
#include "base/text.h"
#include "service/folder_store.h"
#include "service/stored_trust.h"
#include "snapshot/archive_ledger.h"
#include "snapshot/remembered_archives.h"
#include "store/archive/archive_list.h"
#include "store/archive/archive_name.h"

namespace wobackup {
namespace {

constexpr unsigned kLooksAtOnce = 4;

struct Found {
  std::string key;
  SnapshotRef ref;
  ArchiveIdentity identity;
};

// Looks into archives, from several threads.
class Inspection {
 public:
  Inspection(OpenStore& store, const Config& config) : store_(store), config_(config) {}

  void look_into(Found& found) {
    try {
      const std::shared_ptr<const RandomAccess> stored = open_with_read_ahead(store_.backend(), found.key);
      describe_archive(
          stored, config_.keys, [this](SnapshotRef& ref) { return remember(ref); }, found.ref);
      // An encrypted one needs its key for that: whoever reads it is told.
      if (found.ref.encrypted) return;
      if (auto exchanged = exchanged_archive(found.ref.archive, ArchiveFile(stored, config_.keys), config_)) {
        found.ref.problem = *std::move(exchanged);
      }
    } catch (const Error& error) {
      // That the store cannot be reached says nothing of the archive.
      if (error.kind() != ErrorKind::verification) throw;
      found.ref.problem = error.message();
    }
  }

 private:
  bool remember(SnapshotRef& ref) {
    const std::scoped_lock lock(mutex_);
    const auto place = remembered_.try_emplace(ref.site, remembered_archives(config_.state_dir, ref.site)).first;
    return place->second(ref);
  }

  OpenStore& store_;
  const Config& config_;
  std::mutex mutex_;
  std::map<std::string, RememberedArchive> remembered_;  // by site
};

void look_into_all(OpenStore& store, const Config& config, std::vector<Found>& found) {
  Inspection inspection(store, config);
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    for (std::size_t i = next++; i < found.size(); i = next++) {
      try {
        inspection.look_into(found[i]);
      } catch (...) {
        const std::scoped_lock lock(mutex);
        if (!failure) failure = std::current_exception();
        next = found.size();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < kLooksAtOnce && i < found.size(); ++i) threads.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
}

// Newest first.
std::vector<Found> names_in(OpenStore& store, const std::optional<std::string>& site) {
  std::vector<Found> found;
  store.backend().list(site ? *site + "/" : "", "", [&](const ObjectInfo& info) {
    const std::size_t slash = info.key.find('/');
    const std::string folder = info.key.substr(0, slash);
    const auto name = slash == std::string::npos ? std::nullopt : archive_name_from(info.key.substr(slash + 1));
    if (!name || host_name(folder) != folder) return true;
    SnapshotRef ref;
    ref.site = folder;
    ref.name = name->name;
    ref.archive = store.archive_of(info.key);
    ref.time = name->time;
    ref.size_bytes = info.size_bytes;
    ref.complete = name->complete();
    ref.encrypted = name->encrypted;
    found.push_back({info.key, std::move(ref), identity_of(info)});
    return true;
  });
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tie(a.ref.site, b.ref.time, b.ref.name) < std::tie(b.ref.site, a.ref.time, a.ref.name);
  });
  return found;
}

}  // namespace

std::vector<SnapshotRef> list_stored(OpenStore& store, const std::optional<std::string>& site, const Config& config) {
  std::vector<Found> found = names_in(store, site);
  look_into_all(store, config, found);
  std::vector<SnapshotRef> refs;
  std::optional<VerifyHistory> history;
  for (Found& each : found) {
    if (refs.empty() || refs.back().site != each.ref.site) history.emplace(config.state_dir, each.ref.site);
    each.ref.verified = history->find(each.ref.archive, each.identity);
    refs.push_back(std::move(each.ref));
  }
  return refs;
}

std::vector<std::string> sites_stored(OpenStore& store) {
  std::vector<std::string> sites;
  for (const Found& found : names_in(store, std::nullopt)) {
    if (sites.empty() || sites.back() != found.ref.site) sites.push_back(found.ref.site);
  }
  return sites;
}

bool lies_in_folder_store(const std::filesystem::path& archive, const Config& config) {
  const std::filesystem::path folder = archive.parent_path().parent_path();
  return std::any_of(config.store.begin(), config.store.end(),
                     [&](const auto& store) { return store.second.url == folder; }) ||
         !mark_of_folder(folder, config.state_dir).empty();
}

std::optional<SnapshotRef> last_recorded(const std::string& site, const Config& config) {
  return last_recorded(site, config, [&](const std::filesystem::path& archive) {
    return stored_name(archive, config) || lies_in_folder_store(archive, config);
  });
}

std::optional<SnapshotRef> last_recorded(const std::string& site, const Config& config,
                                         const std::function<bool(const std::filesystem::path&)>& is_meant) {
  std::optional<SnapshotRef> last;
  std::map<std::filesystem::path, bool> meant;  // a ledger has few folders, and many archives in each
  for (const auto& [archive, entry] : ArchiveLedger(config.state_dir, site).by_archive()) {
    const auto name = archive_name_from(std::filesystem::path(archive).filename().string());
    if (!name || !entry.complete || (last && last->time >= name->time)) continue;
    const auto [folder, is_new] = meant.try_emplace(std::filesystem::path(archive).parent_path(), false);
    if (is_new) folder->second = is_meant(archive);
    if (!folder->second) continue;
    SnapshotRef ref;
    ref.site = site;
    ref.name = name->name;
    ref.archive = archive;
    ref.time = name->time;
    ref.size_bytes = entry.size_bytes;
    ref.encrypted = entry.encrypted;
    if (!entry.type.empty()) ref.type = entry.type;
    if (!entry.reason.empty()) ref.reason = entry.reason;
    if (ref.good()) last = std::move(ref);
  }
  return last;
}

std::vector<SnapshotRef> names_stored(OpenStore& store, const std::optional<std::string>& site) {
  std::vector<SnapshotRef> refs;
  for (Found& found : names_in(store, site)) refs.push_back(std::move(found.ref));
  return refs;
}

}  // namespace wobackup
