// Loading dumps straight into a live database, where none can be made beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "database/my_cnf.h"
#include "in_place/restore_journal.h"
#include "recovery/archived_dump.h"
#include "recovery/restore_in_place.h"
#include "target/database/dump_loader.h"

namespace wobackup {

/// A live database, and the site's own login, which does all that is done to it: statements of a dump that name another
/// schema are refused by the policy, and by the server.
class LiveDatabase {
 public:
  /// Everything referred to outlives the object. `only_tables`: as in DatabaseExchange.
  LiveDatabase(const Site& site, const DatabaseExchange& exchange, const ServerLogin& login,
               const InPlaceEnvironment& environment);

  /// What the login lacks, in words for an admin; empty if nothing.
  [[nodiscard]] std::vector<std::string> missing_privileges() const;
  /// Judges all of the dump. Throws Error verification, failed.
  void check(const ArchivedDump& dump, const Cancellation& cancellation) const;

  /// A complete backup of the database, proven by reading it once, for loading it back. Throws as Service::create.
  /// REQUIRES: the caller holds the site's lock.
  [[nodiscard]] KeptDump keep(const char* reason, const Cancellation& cancellation) const;
  /// Waits until nobody uses the tables. Throws Error locked, naming by whom.
  void await_free(const Cancellation& cancellation) const;
  /// Replaces all that is in the database (or the tables) by the dump's: removes it, then loads. May be called again
  /// after it was killed, with this dump or another. Throws Error verification if it is not the dump that was kept,
  /// failed if the server refuses something; then the database holds a part.
  [[nodiscard]] LoadResult put(const KeptDump& kept,
                               const std::function<void(std::uint64_t, std::uint64_t)>& on_progress,
                               const Cancellation& cancellation) const;

 private:
  void clear(const Cancellation& cancellation) const;
  void wake_events(const LoadResult& loaded, const Cancellation& cancellation) const;

  const Site& site_;
  const DatabaseExchange& exchange_;
  const ServerLogin& login_;
  const InPlaceEnvironment& environment_;
};

}  // namespace wobackup
