#include "service/find_stored.h"

#include <fmt/format.h>

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
      if (ref.good()) return {ref.archive, nullptr};
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
