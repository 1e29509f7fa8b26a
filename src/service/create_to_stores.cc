#include "service/create_to_stores.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "backend/store_url.h"
#include "base/text.h"
#include "service/store_destination.h"
#include "service/store_retention.h"
#include "snapshot/backup_target.h"
#include "snapshot/folder_destination.h"

namespace wobackup {
namespace {

// One store of several; without settings: the site's own folder.
struct Named {
  std::string name;
  std::optional<StoreSettings> settings;
};

// Archives are known by their URLs.
void require_another(std::map<std::string, std::string>& places, const std::string& url, const std::string& name) {
  const auto [place, is_new] = places.emplace(url, name);
  if (is_new) return;
  if (place->second == name) throw Error(ErrorKind::usage, fmt::format("{} was named twice", printable(name)));
  throw Error(ErrorKind::usage,
              fmt::format("{} and {} have the same URL, {}", printable(place->second), printable(name), printable(url)),
              "archives are known by it: give each store a prefix of its own");
}

std::vector<Named> named_stores(const Site& site, const CreateOptions& options, const Config& config) {
  std::vector<Named> stores;
  std::map<std::string, std::string> places;  // and by which name they were given
  for (const std::string& name : options.stores) {
    Named store{name, std::nullopt};
    if (name != kOwnFolderStore) store.settings = store_settings_of(name, config);
    require_another(places, store.settings ? store.settings->url : kOwnFolderStore, name);
    if (store.settings) {
      const StorePlace place = parse_store_url(store.settings->url);
      if (const auto* local = std::get_if<LocalPlace>(&place)) refuse_inside_htdocs(site, local->folder);
    }
    stores.push_back(std::move(store));
  }
  if (options.backup_root && places.count(kOwnFolderStore) == 0) {
    throw Error(ErrorKind::usage, "a root for archives was named, and they do not go there",
                "add --to local, or leave out --path");
  }
  return stores;
}

// As if none had been named: that writes faster.
Created create_in_own_folder(const Site& site, const CreateOptions& options, const StoreEnvironment& environment) {
  Created created = create_snapshot(site, options, {environment.config, environment.clock, environment.log});
  Stored& stored = created.stores.emplace_back();
  stored.store = kOwnFolderStore;
  stored.archive = created.archive;
  stored.encrypted = created.encrypted;
  stored.size_bytes = created.size_bytes;
  stored.sha256 = created.sha256;
  stored.elapsed = created.elapsed;
  return created;
}

}  // namespace

const std::vector<std::string>& default_stores(const Site& site, const Config& config) {
  const auto own = config.site.find(site.name);
  return own != config.site.end() && !own->second.stores.empty() ? own->second.stores : config.stores;
}

Created create_to_stores(const Site& site, const CreateOptions& options, const StoreEnvironment& environment) {
  const std::vector<Named> stores = named_stores(site, options, environment.config);
  if (stores.size() == 1 && !stores.front().settings) return create_in_own_folder(site, options, environment);
  std::vector<const StoreSettings*> elsewhere;
  for (const Named& store : stores) {
    if (store.settings) elsewhere.push_back(&*store.settings);
  }
  const S3Share share = share_of(elsewhere, "copy to the others afterwards");
  std::vector<SnapshotPlace> places;
  for (const Named& store : stores) {
    SnapshotPlace& place = places.emplace_back();
    place.store = store.name;
    if (!store.settings) continue;
    const StoreSettings& settings = *store.settings;
    place.open = [&]() -> std::unique_ptr<Destination> {
      try {
        return std::make_unique<StoreDestination>(settings, site.name, environment, options.cancelled, share);
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) throw;
        return std::make_unique<UnusableDestination>(settings.url + "/" + site.name, error);
      }
    };
    place.recipients = settings.recipients;
    if (settings.stall_timeout) place.stall = *settings.stall_timeout;
  }
  Created created = create_snapshot_in(site, options, places, {environment.config, environment.clock, environment.log});
  for (std::size_t i = 0; i < stores.size(); ++i) {
    if (stores[i].settings && !created.stores[i].error) {
      remove_beyond_keep(*stores[i].settings, site.name, created.stores[i], environment);
    }
  }
  return created;
}

}  // namespace wobackup
