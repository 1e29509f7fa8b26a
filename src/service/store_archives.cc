#include "service/store_archives.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include "backend/ordered_reading.h"
#include "backend/read_ahead.h"
#include "base/host_name.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "service/stored_trust.h"
#include "snapshot/archive_ledger.h"
#include "snapshot/remembered_archives.h"
#include "snapshot/state_folder.h"
#include "store/archive/archive_list.h"
#include "store/archive/archive_name.h"

namespace wobackup {
namespace {

constexpr unsigned kLooksAtOnce = 4;
// No upload takes longer.
constexpr std::chrono::hours kAbandonedAge{7 * 24};
// Has the index and the manifest's hash: two archives that agree in it are the same.
constexpr std::size_t kComparedTailBytes = std::size_t{64} << 10U;

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

ByteVector tail_of(const RandomAccess& file) {
  ByteVector tail(static_cast<std::size_t>(std::min<std::uint64_t>(kComparedTailBytes, file.size())));
  tail.resize(file.read(file.size() - tail.size(), tail));
  return tail;
}

bool is_there(OpenStore& store, const std::string& key, const RandomAccess& file) {
  const std::optional<ObjectInfo> info = store.backend().stat(key);
  if (!info) return false;
  if (info->size_bytes == file.size() && tail_of(*open_with_read_ahead(store.backend(), key)) == tail_of(file)) {
    return true;
  }
  throw Error(ErrorKind::failed,
              fmt::format("{} is there already, and is another archive", printable(store.archive_of(key).string())),
              "wobackup replaces nothing: remove it there if it is not wanted");
}

// What earlier runs have left. Nothing depends on it: keys without the right to delete are a good thing.
void remove_leftovers(OpenStore& store, const LogSink& log) {
  try {
    for (const std::string& key : store.backend().remove_unfinished(kAbandonedAge)) {
      if (log)
        log(LogLevel::info, fmt::format("{}: took away an unfinished upload of {}", store.backend().name(), key));
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    if (log) log(LogLevel::info, fmt::format("unfinished uploads were not looked for: {}", error.message()));
  }
}

// Of one archive to one store.
void copy(OpenStore& store, const CopySource& source, const std::optional<LedgerEntry>& made,
          const StoreEnvironment& environment, std::atomic<std::uint64_t>& bytes_done, Stored& stored) {
  const std::string key = source.site + "/" + source.file_name;
  stored.archive = store.archive_of(key);
  if (is_there(store, key, source.file)) {
    stored.was_there = true;
    bytes_done += source.file.size();
    return;
  }
  remove_leftovers(store, environment.log);
  const std::unique_ptr<Upload> upload = store.backend().put(key, {.size_hint_bytes = source.file.size()});
  Sha256 hash;
  read_in_order(source.file, 0, source.file.size(), {}, [&](ByteSpan piece) {
    store.cancellation().check();
    hash.update(piece);
    upload->write(piece);
    bytes_done += piece.size();
  });
  const std::string sum = hex(hash.finish());
  if (made) {
    if (!made->sha256.empty() && sum != made->sha256) {
      throw Error(ErrorKind::verification,
                  fmt::format("{} is not the archive that was made here: its sum is another",
                              printable(source.archive.string())),
                  "it was changed or exchanged; `wobackup verify` tells more");
    }
    // Before it is published: a record without a copy harms nobody.
    LedgerEntry copied = *made;
    copied.archive = stored.archive.string();
    ArchiveLedger(environment.config.state_dir, source.site).add(copied);
  }
  if (!upload->commit()) {
    throw Error(ErrorKind::failed, fmt::format("{} has come there meanwhile", printable(stored.archive.string())),
                "another run has copied something of that name");
  }
}

}  // namespace

namespace {

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

std::optional<SnapshotRef> last_recorded(const std::string& site, const Config& config) {
  std::optional<SnapshotRef> last;
  for (const auto& [archive, entry] : ArchiveLedger(config.state_dir, site).by_archive()) {
    const auto name = archive_name_from(std::filesystem::path(archive).filename().string());
    if (!name || !entry.complete || !stored_name(archive, config) || (last && last->time >= name->time)) continue;
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

std::vector<Stored> copy_to_stores(const CopySource& source, const std::vector<std::string>& stores,
                                   const CopyOptions& options, const StoreEnvironment& environment) {
  std::vector<Stored> results;
  std::vector<StoreSettings> settings;
  for (const std::string& store : stores) {
    settings.push_back(store_settings_of(store, environment.config));
    results.push_back({store, {}, false, std::nullopt, {}});
  }
  const StateFolder state(environment.config.state_dir);
  const std::optional<LedgerEntry> made = ArchiveLedger(state.path(), source.site).find(source.archive);
  std::atomic<std::uint64_t> bytes_done{0};
  Cancellation watched;  // the stores have their own
  RunMonitor monitor(
      source.site,
      [&](Progress& progress) {
        progress.bytes_total = source.file.size() * stores.size();
        progress.bytes_done = std::min<std::uint64_t>(bytes_done, progress.bytes_total.value_or(0));
      },
      watched, options.cancelled, options.on_progress);
  monitor.enter_phase("copy");
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < stores.size(); ++i) {
      threads.emplace_back([&, i] {
        const auto started = environment.clock.monotonic();
        try {
          OpenStore store(settings[i], environment, options.cancelled);
          copy(store, source, made, environment, bytes_done, results[i]);
        } catch (const Error& error) {
          results[i].error = error;
        } catch (const std::exception& error) {
          results[i].error = Error(ErrorKind::failed, error.what());
        }
        results[i].elapsed =
            std::chrono::duration_cast<std::chrono::milliseconds>(environment.clock.monotonic() - started);
      });
    }
  }
  monitor.finish();
  return results;
}

}  // namespace wobackup
