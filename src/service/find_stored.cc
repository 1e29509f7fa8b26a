#include "service/find_stored.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"
#include "service/store_archives.h"
#include "snapshot/remembered_archives.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/archive_name.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Why it was made, as far as it can be told without asking anybody for a key.
void learn_reason(const StoredArchive& stored, const StoreEnvironment& environment, SnapshotRef& ref) {
  if (ref.encrypted) {
    static_cast<void>(remembered_archives(environment.config.state_dir, ref.site)(ref));
    return;
  }
  const ArchiveMetadata metadata = read_metadata(*stored.stored(), SearchDepth::beginning);
  ref.reason = text_member(metadata.vhost, "backup_reason");
}

FoundStored find_latest(const std::shared_ptr<OpenStore>& store, std::vector<SnapshotRef> refs,
                        const StoreEnvironment& environment) {
  for (SnapshotRef& ref : refs) {
    if (!ref.complete) continue;
    if (!stored_name(ref.archive, environment.config)) {
      // In a folder, whose archives were looked into.
      if (ref.good() || !ref.problem.empty()) return {ref.archive, nullptr};
      continue;
    }
    auto opened = std::make_unique<StoredArchive>(store, ref.site + "/" + ref.archive.filename().string());
    try {
      learn_reason(*opened, environment, ref);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::verification) throw;
    }
    if (ref.good()) return {ref.archive, std::move(opened)};
  }
  return {};
}

// It may have been taken away by somebody who has only the store.
void warn_of_missing(const OpenStore& store, const std::string& store_name, const std::string& site,
                     const std::vector<SnapshotRef>& refs, const StoreEnvironment& environment) {
  if (!environment.log) return;
  const std::optional<SnapshotRef> last = last_recorded(
      site, environment.config,
      [&](const std::filesystem::path& archive) { return archive.parent_path() == store.archive_of(site); });
  const auto there = [&](const SnapshotRef& ref) { return ref.archive == last->archive || ref.time > last->time; };
  if (!last || std::any_of(refs.begin(), refs.end(), there)) return;
  environment.log(LogLevel::warning, fmt::format("{} had a newer backup of {}, {}: it is not there any more",
                                                 store_name, site, printable(last->archive.filename().string())));
}

}  // namespace

// There may be a plain and an encrypted one of the same name.
bool is_named(const SnapshotRef& ref, const WantedArchive& wanted) {
  const bool with_ending = !archive_ending_of(wanted.name).empty();
  return with_ending ? ref.archive.filename() == wanted.name : ref.name == wanted.name;
}

FoundStored find_stored(const StoreSettings& settings, const std::string& store_name, const WantedArchive& wanted,
                        StorePool& pool) {
  const std::shared_ptr<OpenStore> store = pool.take(settings);
  const StoreEnvironment& environment = pool.environment();
  // To look into a folder's archives costs nothing.
  const bool is_folder = settings.url.starts_with('/');
  std::vector<SnapshotRef> refs =
      is_folder ? list_stored(*store, wanted.site, environment.config) : names_stored(*store, wanted.site);
  std::string missing = "complete backup";
  if (wanted.name == "latest") {
    warn_of_missing(*store, store_name, wanted.site, refs, environment);
    FoundStored found = find_latest(store, std::move(refs), environment);
    if (!found.archive.empty()) return found;
  } else {
    for (const SnapshotRef& ref : refs) {
      if (is_named(ref, wanted)) return {ref.archive, nullptr};
    }
    missing = "backup " + printable(wanted.name);
  }
  throw Error(ErrorKind::not_found, fmt::format("{} has no {} in {}", wanted.site, missing, store_name),
              fmt::format("`wobackup list {} --from {}` shows what there is", wanted.site, store_name));
}

}  // namespace wobackup
