// Exchanges the content of a live database with that of a shadow database on the same server.
//
// Three databases: `live` is the site's, `shadow` was loaded before, `safety` receives what was live. Before the
// exchange visitors write to live, after it too; what they wrote before is in safety. Nothing is copied and nothing
// deleted: tables and sequences move by one RENAME TABLE, which the server does whole or not at all. Triggers stop such
// a move and views cannot take part in it, so their definitions, and those of routines and events, are saved first, and
// made again after it where they belong:
//
//   before:  live = old   shadow = new   safety = nothing
//   after:   live = new   shadow = nothing   safety = old, its events switched off, its objects owned by the login
//
// Between the dropping of triggers and their being made again, a moment, a visitor who writes misses them: the server
// can neither move a table with triggers nor rename what it has locked. A caller keeps visitors away if that matters.
//
// The way back is the same: either of finish_swap and take_back_swap looks where everything is, moves what is on the
// wrong side, and makes what is missing. Both may be killed and called again.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "database/connection.h"
#include "database/event_status.h"
#include "target/swap/object_text.h"
#include "wobackup/json.h"
#include "wobackup/log.h"

namespace wobackup {

/// How to wait for visitors' transactions. While an attempt waits, new statements of visitors wait behind it: so it
/// gives up soon, lets them pass, and comes again.
struct LockPatience {
  std::chrono::seconds lock_wait{3};
  unsigned retries = 10;
  std::chrono::milliseconds pause{1000};
};

struct SwapRequest {
  ServerLogin login;  ///< see missing_swap_privileges
  std::string live, shadow, safety;
  std::vector<std::string> only_tables;  ///< just these tables and sequences, with their triggers; empty: everything
  /// Views, routines, triggers and events that come into live get this DEFINER, unless they have it. Nothing: they keep
  /// theirs, as for an undo.
  std::optional<Account> site_user;
  /// The definitions of shadow's objects, if they are known better than from shadow: `saved` of the swap that brought
  /// them there, to be undone.
  std::optional<Json> undone;
  /// The status that shadow's events get in live (ENABLED, DISABLED, SLAVESIDE_DISABLED), by name; others keep theirs.
  EventStatus event_status;
  /// Views that shadow's user could not make, since they use another database: `only_live`, and `site_user` owns them.
  std::vector<SavedObject> foreign_views;
  LockPatience patience;
  /// Gets what finish_swap and take_back_swap need, before anything is changed; must have it on the disk when it
  /// returns. Called again if the databases' definitions change before the exchange begins.
  std::function<void(const Json& saved)> persist;
  LogSink log;
};

struct SwapResult {
  Json saved;                      ///< as given to `persist`
  std::vector<std::string> notes;  ///< for the user
};

/// Exchanges. Throws Error locked (retryable) if tables stayed in use, naming by whom; usage, failed or dump for what
/// cannot be exchanged; interrupted. After any of them everything is as it was; if the way back failed too, the Error
/// is rollback_failed, and take_back_swap is to be called.
[[nodiscard]] SwapResult swap(const SwapRequest& request, const Cancellation& cancellation);

enum class SwapState {
  not_begun,         ///< as before
  triggers_dropped,  ///< tables as before, triggers or other objects not all
  exchanged,         ///< tables as after, views, routines, triggers and events not all
  done,              ///< as after
  torn,              ///< some tables as before, some as after: only if somebody else moved them
};
[[nodiscard]] std::string_view name_of(SwapState state) noexcept;

/// How far a swap has come, by the server alone. Waits until the server has ended what a killed process asked of it.
[[nodiscard]] SwapState swap_state(const ServerLogin& login, const Json& saved, const Cancellation& cancellation);

/// Brings a swap to its end from wherever it is. Returns notes. Throws as `swap`, but leaves what it has done.
std::vector<std::string> finish_swap(const ServerLogin& login, const Json& saved, const LockPatience& patience,
                                     const Cancellation& cancellation);
/// Brings everything back to where it was before, from wherever it is. What visitors have written to live since the
/// exchange is in shadow then.
std::vector<std::string> take_back_swap(const ServerLogin& login, const Json& saved, const LockPatience& patience,
                                        const Cancellation& cancellation);

/// The swap that undoes a finished one: what is live goes to `new_safety`. The caller adds `persist` and `log`.
[[nodiscard]] SwapRequest undo_of(const ServerLogin& login, const Json& saved, const std::string& new_safety);

/// The states that live's events had before the exchange that `saved` belongs to.
[[nodiscard]] EventStatus event_status_before(const Json& saved);

/// Drops a database that holds nothing at all; false if it holds something. A missing one is fine.
bool drop_if_empty(DatabaseConnection& connection, const std::string& schema);

}  // namespace wobackup
