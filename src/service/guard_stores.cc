#include "service/guard_stores.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "service/create_to_stores.h"
#include "service/fetch_archive.h"
#include "service/stored_trust.h"

namespace wobackup {
namespace {

// While another copy may do, nobody waits for minutes: the site is broken.
constexpr unsigned kBriefAttempts = 4;

GuardPlaces places_of(const Site& site, const GuardOptions& options, const Config& config) {
  GuardPlaces places;
  std::vector<std::string> names = options.stores;
  if (names.empty() && options.backup_root) names = {kOwnFolderStore};
  if (names.empty()) {
    names = default_guard_stores(site, config);
    places.own_folder_needed = config.guard.stores.empty();
  }
  for (const std::string& name : names) {
    GuardPlace& place = places.all.emplace_back();
    place.store = name;
    if (name == kOwnFolderStore) continue;
    const StoreSettings settings = store_settings_of(name, config);
    place.recipients = settings.recipients;
    place.elsewhere = !settings.url.starts_with('/');
  }
  return places;
}

// By its address; two stores of the same address on different servers are told apart by the store's name.
std::optional<StoredName> stored_name_of(const GuardCopy& copy, const Config& config) {
  std::optional<StoredName> name = stored_name(copy.archive, config);
  const auto named = config.store.find(copy.store);
  if (name && named != config.store.end() && named->second.url == name->store.url) name->store = named->second;
  return name;
}

struct Opened {
  std::shared_ptr<StoredArchive> archive;  // null for a path of this machine
  CopyContent content;
};

Opened open(const GuardCopy& copy, StorePatience patience, const std::function<bool()>& cancelled,
            StoreEnvironment environment) {
  const std::optional<StoredName> name = stored_name_of(copy, environment.config);
  if (!name) return {};
  if (patience == StorePatience::brief) environment.attempts = std::min(environment.attempts, kBriefAttempts);
  Opened opened;
  opened.archive =
      std::make_shared<StoredArchive>(std::make_shared<OpenStore>(name->store, environment, cancelled), name->key);
  opened.content = {{opened.archive, opened.archive->stored().get()}, opened.archive->identity()};
  return opened;
}

// The folder may be the site's own: what lies there now is looked at before anybody reads it for long.
CopyContent expected_here(const GuardCopy& copy, const Config& config) {
  require_expected(copy.archive, *open_archive(copy.archive, config.keys), config);
  return {};
}

}  // namespace

std::vector<std::string> default_guard_stores(const Site& site, const Config& config) {
  if (!config.guard.stores.empty()) return config.guard.stores;
  std::vector<std::string> names = default_stores(site, config);
  if (std::find(names.begin(), names.end(), kOwnFolderStore) == names.end()) {
    names.insert(names.begin(), kOwnFolderStore);
  }
  return names;
}

GuardStores guard_stores(const StoreEnvironment& environment) {
  GuardStores stores;
  stores.places = [&config = environment.config](const Site& site, const GuardOptions& options) {
    return places_of(site, options, config);
  };
  stores.create = [environment](const Site& site, const CreateOptions& options) {
    return create_to_stores(site, options, environment);
  };
  stores.open = [environment](const GuardCopy& copy, StorePatience patience, const std::function<bool()>& cancelled) {
    Opened opened = open(copy, patience, cancelled, environment);
    if (!opened.archive) return expected_here(copy, environment.config);
    require_expected(copy.archive, opened.archive->content(environment.config.keys), environment.config);
    return std::move(opened.content);
  };
  stores.fetch = [environment](const GuardCopy& copy, StorePatience patience, const ProgressCallback& on_progress) {
    Opened opened = open(copy, patience, {}, environment);
    if (!opened.archive) return expected_here(copy, environment.config);
    opened.content.stored = fetch_expected(*opened.archive, copy.archive, environment.config, {on_progress, {}});
    return std::move(opened.content);
  };
  return stores;
}

}  // namespace wobackup
