// Makes one backup of one site.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "database/event_status.h"
#include "database/site_login.h"
#include "snapshot/destination.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// What a backup needs besides the site and the wish. Outlives the call.
struct CreateEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;
};

/// As Service::create. Reads the site's folder and databases, writes one archive, records it. Whatever fails, nothing
/// is left under a final name.
[[nodiscard]] Created create_snapshot(const Site& site, const CreateOptions& options,
                                      const CreateEnvironment& environment);

/// A store that a snapshot goes to while it is made.
struct SnapshotPlace {
  std::string store;                                   ///< as it was named
  std::function<std::unique_ptr<Destination>()> open;  ///< empty: the site's own folder of archives
  std::vector<std::string> recipients = {};            ///< its own; none: as the options and the site's settings say
  std::chrono::milliseconds stall = std::chrono::minutes(10);  ///< FanOutPlace::stall
};

/// The same for several stores at once: read, dumped and compressed once, encrypted once for each set of recipients.
/// Throws only if none of them has it in the end; Created::stores says how it went for each, in their order.
[[nodiscard]] Created create_snapshot_in(const Site& site, const CreateOptions& options,
                                         const std::vector<SnapshotPlace>& places,
                                         const CreateEnvironment& environment);

/// A database that only this program knows of, in place of the site's.
struct GivenDatabase {
  std::string name;
  SiteServerLogin login;
  EventStatus event_states = {};  ///< that its events shall have in the dump
  std::string former_name = {};   ///< where its content was before; empty: there
};

/// What a restore has displaced besides `site.path`.
struct Displaced {
  const std::optional<GivenDatabase>& database;  ///< with what was the site's
  /// Folders that belong into the site's at these paths, where there are empty ones.
  const std::vector<std::pair<std::string, UniqueFd>>& folders;
  bool locked = false;  ///< the caller holds the site's lock
};

/// The same of a folder that a restore has displaced, `site.path`. All of it is taken, whatever the settings exclude:
/// nobody else has it any more. Nothing is asked of the site's config files.
[[nodiscard]] Created create_displaced_snapshot(const Site& site, const CreateOptions& options,
                                                const Displaced& displaced, const CreateEnvironment& environment);

}  // namespace wobackup
