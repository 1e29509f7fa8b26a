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
#include "snapshot/remembered_archives.h"
#include "store/archive/archive_list.h"
#include "store/archive/archive_name.h"

namespace wobackup {
namespace {

constexpr unsigned kLooksAtOnce = 4;

struct Found {
  std::string key;
  SnapshotRef ref;
};

// Looks into archives, from several threads.
class Inspection {
 public:
  Inspection(OpenStore& store, const Config& config) : store_(store), config_(config) {}

  void look_into(Found& found) {
    try {
      describe_archive(
          open_with_read_ahead(store_.backend(), found.key), config_.keys,
          [this](SnapshotRef& ref) { return remember(ref); }, found.ref);
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

}  // namespace

std::vector<SnapshotRef> list_stored(OpenStore& store, const std::optional<std::string>& site, const Config& config) {
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
    found.push_back({info.key, std::move(ref)});
    return true;
  });
  look_into_all(store, config, found);
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tie(a.ref.site, b.ref.time, b.ref.name) < std::tie(b.ref.site, a.ref.time, a.ref.name);
  });
  std::vector<SnapshotRef> refs;
  for (Found& each : found) refs.push_back(std::move(each.ref));
  return refs;
}

}  // namespace wobackup
