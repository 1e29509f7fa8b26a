// The database of a restore in place: loaded beside the live one, exchanged, taken back. Where none may be made beside
// it, dumps are loaded straight into it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "database/site_login.h"
#include "in_place/restore_journal.h"
#include "recovery/archived_dump.h"
#include "recovery/live_load.h"
#include "recovery/restore_in_place.h"
#include "recovery/room_plan.h"
#include "target/database/dump_loader.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/site.h"

namespace wobackup {

/// What shall be restored, and how.
struct DatabaseWish {
  std::filesystem::path archive;
  std::vector<std::string> only_tables;  ///< empty: everything
  bool live_load = false;                ///< if need be
  std::string collation = {};            ///< that the backup's database had by default; empty if it does not say
};

/// Which database, and whose login. The names in `exchange` are written down before anything of that name is made on
/// the server. Every function that exchanges may be called again after a kill. Throws Error failed for what the server
/// refuses.
class DatabaseInPlace {
 public:
  /// Called whenever the exchange has changed; it must be on the disk when it returns.
  using Persist = std::function<void(const DatabaseExchange&)>;

  /// For the site's own database: the admin's login, if it may be used, else the site's. A database that is gone is
  /// made again, if registry or config name it. Throws Error failed if it cannot be told whose it is, or the login
  /// lacks a right. The environment outlives the object.
  static DatabaseInPlace plan(const Site& site, const SiteDatabase& database, const DatabaseWish& wish,
                              const InPlaceEnvironment& environment, const Cancellation& cancellation);
  /// One that a journal names.
  static DatabaseInPlace open(const Site& site, DatabaseExchange exchange, const InPlaceEnvironment& environment);

  [[nodiscard]] const DatabaseExchange& exchange() const noexcept { return exchange_; }
  [[nodiscard]] bool loads_into_live() const noexcept { return exchange_.live_load.has_value(); }

  /// What stands against loading this dump here, when `room` will have been taken by others. Throws Error failed or
  /// no_space.
  void preflight(const ArchivedDump& dump, RoomPlan room, const Cancellation& cancellation) const;
  /// Makes the shadow and loads it; counts its rows. After an error it is gone again. Without a shadow: judges the
  /// dump, and remembers which one it is; nothing is loaded yet.
  [[nodiscard]] LoadResult load(const ArchivedDump& dump, LoadOptions options, const Cancellation& cancellation);

  /// Brings the shadow's content into live, or goes on with that. Without a shadow: backs live up, and loads. Notes for
  /// the user.
  std::vector<std::string> forward(const Persist& persist, const LogSink& log, const Cancellation& cancellation);
  /// What `forward` has loaded by itself.
  [[nodiscard]] const std::optional<LoadResult>& loaded() const noexcept { return loaded_; }
  /// Bytes that `forward` loads by itself.
  std::function<void(std::uint64_t done, std::uint64_t total)> on_progress;
  /// Takes that back from wherever it is. Notes what was broken before and could not be made again.
  std::vector<std::string> back();
  /// After the end: brings the displaced content back into live. Notes the same.
  std::vector<std::string> undo(const Persist& persist, const LogSink& log);
  /// The shadow, empty by now, and its user.
  void remove_shadow() const;
  /// Everything but live, with what it holds. From its beginning on none of the functions above may be called any more:
  /// they would take an empty database for one whose tables have moved on.
  void remove_all() const;
  /// If only some tables were exchanged: which of them this database on the same server has.
  [[nodiscard]] std::vector<std::string> exchanged_tables_in(const std::string& schema) const;
  /// Where what was displaced can be read.
  [[nodiscard]] SiteServerLogin login() const { return {login_, exchange_.by_admin}; }

 private:
  explicit DatabaseInPlace(const Site& site, const InPlaceEnvironment& environment)
      : site_(site), environment_(&environment) {}
  [[nodiscard]] std::vector<std::string> note_of_displaced(const ArchivedDump& dump) const;
  void require_tables(DatabaseConnection& connection, const ArchivedDump& dump) const;
  void require_sequences(DatabaseConnection& connection, const ArchivedDump& dump, const DumpTable& table) const;
  void plan_live_load(const DatabaseLogin& own, const DatabaseWish& wish);
  std::vector<std::string> load_into_live(const Persist& persist, const Cancellation& cancellation);
  std::vector<std::string> take_back_live();
  std::vector<std::string> undo_live(const Persist& persist);
  void require_empty(const std::string& schema) const;
  [[nodiscard]] LiveDatabase live() const { return {site_, exchange_, login_, *environment_}; }

  Site site_;
  const InPlaceEnvironment* environment_;
  DatabaseExchange exchange_;
  ServerLogin login_;
  std::optional<ServerLogin> site_login_;  // the site's own, for what is planned here
  std::optional<LoadResult> loaded_;
};

}  // namespace wobackup
