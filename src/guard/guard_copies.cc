#include "guard/guard_copies.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "snapshot/encryption.h"

namespace wobackup {
namespace {

bool is_own_folder(const std::string& store) { return store == kOwnFolderStore; }

void require_readable_in(const GuardPlace& place, const Site& site, const Config& config) {
  CreateOptions options;
  if (!place.recipients.empty()) {
    options.encryption = Encryption::recipients;
    options.recipients = place.recipients;
  }
  require_readable(site, options, config);
}

// How far away a store is.
int distance_of(const std::string& store, const GuardPlaces& places) {
  if (is_own_folder(store)) return 0;
  const auto named = [&store](const GuardPlace& place) { return place.store == store; };
  return std::find_if(places.all.begin(), places.all.end(), named)->elsewhere ? 2 : 1;
}

std::string others_of(const GuardPlaces& places) {
  std::string text;
  for (const GuardPlace& place : places.all) {
    if (!is_own_folder(place.store)) text += (text.empty() ? "--to " : " --to ") + printable(place.store);
  }
  return text;
}

}  // namespace

std::vector<std::string> openable_stores(const Site& site, const GuardPlaces& places, const Config& config) {
  std::vector<std::string> openable;
  std::optional<Error> refused;
  for (const GuardPlace& place : places.all) {
    try {
      require_readable_in(place, site, config);
      openable.push_back(place.store);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::wrong_key) throw;
      const bool needed = places.own_folder_needed && is_own_folder(place.store);
      if (needed || !refused) refused = error;
      if (needed) openable.clear();
      if (needed) break;
    }
  }
  if (!openable.empty()) return openable;
  throw Error(refused->kind(),
              fmt::format("{}: what is changed could not be taken back, so nothing was changed: {}", site.name,
                          refused->message()),
              refused->hint());
}

std::vector<GuardCopy> usable_copies(const Site& site, const Created& made, const GuardPlaces& places,
                                     const std::vector<std::string>& openable) {
  std::vector<GuardCopy> copies;
  for (const Stored& stored : made.stores) {
    if (stored.error && places.own_folder_needed && is_own_folder(stored.store)) {
      throw Error(
          stored.error->kind(),
          fmt::format("{}: the site's own folder does not have the backup, so nothing was changed: {}", site.name,
                      stored.error->message()),
          fmt::format("mend it; or guard with {}: then a roll-back fetches the backup from there", others_of(places)));
    }
    if (stored.error || std::find(openable.begin(), openable.end(), stored.store) == openable.end()) continue;
    copies.push_back({stored.store, stored.archive});
  }
  std::stable_sort(copies.begin(), copies.end(), [&](const GuardCopy& a, const GuardCopy& b) {
    return distance_of(a.store, places) < distance_of(b.store, places);
  });
  if (!copies.empty()) return copies;
  std::string what;
  for (const Stored& stored : made.stores) {
    what += fmt::format("{}{}: {}", what.empty() ? "" : "; ", printable(stored.store),
                        stored.error ? stored.error->message() : "nothing here opens what it is encrypted to");
  }
  throw Error(
      ErrorKind::failed,
      fmt::format("{}: no store has a backup that could be taken back, so nothing was changed: {}", site.name, what));
}

bool another_copy_may_do(const Error& error) noexcept {
  switch (error.kind()) {
    case ErrorKind::interrupted:
    case ErrorKind::locked:
    case ErrorKind::rolled_back:
    case ErrorKind::rollback_failed:
      return false;
    default:
      return true;
  }
}

std::string problem_of(const GuardCopy& copy, const Error& error) {
  return fmt::format("{}: {}", printable(copy.store), error.message());
}

}  // namespace wobackup
