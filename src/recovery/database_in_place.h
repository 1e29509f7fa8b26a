// The database of a restore in place: loaded beside the live one, exchanged, taken back.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "database/site_login.h"
#include "in_place/restore_journal.h"
#include "recovery/archived_dump.h"
#include "target/database/dump_loader.h"
#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/site.h"

namespace wobackup {

/// Which database, and whose login. The names in `exchange` are written down before anything of that name is made on
/// the server. Every function that exchanges may be called again after a kill. Throws Error failed for what the server
/// refuses.
class DatabaseInPlace {
 public:
  /// Called whenever the exchange has changed; it must be on the disk when it returns.
  using Persist = std::function<void(const DatabaseExchange&)>;

  /// For the site's own database: the admin's login, if it may be used, else the site's. A database that is gone is
  /// made again, if registry or config name it. Throws Error failed if it cannot be told whose it is, or the login
  /// lacks a right.
  static DatabaseInPlace plan(const Site& site, const SiteDatabase& database, const Config& config,
                              const std::vector<std::string>& only_tables, const Cancellation& cancellation);
  /// One that a journal names.
  static DatabaseInPlace open(DatabaseExchange exchange, const Config& config);

  [[nodiscard]] const DatabaseExchange& exchange() const noexcept { return exchange_; }

  /// What stands against loading this dump here; `min_free_bytes` shall stay free. Throws Error failed or no_space.
  void preflight(const ArchivedDump& dump, const Config& config, const Cancellation& cancellation) const;
  /// Makes the shadow and loads it; counts its rows. After an error it is gone again.
  [[nodiscard]] LoadResult load(const ArchivedDump& dump, LoadOptions options, const Cancellation& cancellation);

  /// Brings the shadow's content into live, or goes on with that. Notes for the user.
  std::vector<std::string> forward(const Persist& persist, const LogSink& log, const Cancellation& cancellation);
  /// Takes that back from wherever it is.
  void back();
  /// After the end: brings the displaced content back into live.
  void undo(const Persist& persist, const LogSink& log);
  /// The shadow, empty by now, and its user.
  void remove_shadow() const;
  /// Everything but live, with what it holds. From its beginning on none of the functions above may be called any more:
  /// they would take an empty database for one whose tables have moved on.
  void remove_all() const;
  /// Where what was displaced can be read.
  [[nodiscard]] SiteServerLogin login() const { return {login_, exchange_.by_admin}; }

 private:
  DatabaseInPlace() = default;
  void require_empty(const std::string& schema) const;

  DatabaseExchange exchange_;
  ServerLogin login_;
};

}  // namespace wobackup
