#include "recovery/live_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "base/text.h"
#include "database/single_value.h"
#include "recovery/in_place_plan.h"
#include "snapshot/backup_target.h"
#include "snapshot/create.h"
#include "snapshot/encryption.h"
#include "target/database/load_guard.h"
#include "target/swap/lock_report.h"
#include "target/swap/schema_reader.h"
#include "target/swap/swap.h"
#include "target/swap/swap_privileges.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Visitors' statements end within this time, or something is wrong.
constexpr unsigned kLockWaitSeconds = 60;

std::string drop_statement(ObjectKind kind, const std::string& name) {
  return fmt::format("DROP {} IF EXISTS {}", sql_word(kind), quoted_name(name));
}

}  // namespace

LiveDatabase::LiveDatabase(const Site& site, const DatabaseExchange& exchange, const ServerLogin& login,
                           const InPlaceEnvironment& environment)
    : site_(site), exchange_(exchange), login_(login), environment_(environment) {}

std::vector<std::string> LiveDatabase::missing_privileges() const {
  const Cancellation never;
  DatabaseConnection connection(login_, exchange_.live, never);
  return missing_load_privileges(connection, exchange_.live);
}

void LiveDatabase::check(const ArchivedDump& dump, const Cancellation& cancellation) const {
  check_dump(dump.data(), dump.layout(), {.database = exchange_.live, .login = login_, .program_login = {}},
             cancellation);
  for (const std::string& table : exchange_.only_tables) {
    const auto named = [&](const DumpTable& one) { return one.name == table; };
    if (std::any_of(dump.layout().tables.begin(), dump.layout().tables.end(), named)) continue;
    throw Error(ErrorKind::not_found, fmt::format("{} has no table {}", dump.member(), printable(table)));
  }
}

KeptDump LiveDatabase::keep(const char* reason, const Cancellation& cancellation) const {
  CreateOptions options;
  options.type = BackupType::database;
  options.reason = reason;
  options.backup_root = backup_root_of(site_, environment_.config, std::nullopt);
  options.cancelled = [&cancellation] { return cancellation.cancelled(); };
  require_readable(site_, options, environment_.config);
  const std::optional<GivenDatabase> database = GivenDatabase{exchange_.live, {login_, false}, {}};
  const Created created =
      create_displaced_snapshot(site_, options, {.database = database, .folders = {}, .locked = true},
                                {environment_.config, environment_.clock, environment_.log});
  if (!created.complete) throw Error(ErrorKind::incomplete, "the database could not be backed up whole");
  const OpenArchive archive(created.archive, environment_.config.keys);
  const ArchivedDump dump(
      archive.reader(), [this] { return spool_in(environment_.config.state_dir); }, cancellation);
  return {created.archive.string(), dump.sum(cancellation)};
}

void LiveDatabase::await_free(const Cancellation& cancellation) const {
  const LockPatience patience;
  DatabaseConnection connection(login_, exchange_.live, cancellation);
  connection.execute(fmt::format("SET SESSION lock_wait_timeout = {}", patience.lock_wait.count()));
  const std::set<std::string> tables = read_names(connection, exchange_.live).tables;
  std::string sql;
  for (const std::string& table : tables) {
    const std::vector<std::string>& only = exchange_.only_tables;
    if (!only.empty() && std::find(only.begin(), only.end(), table) == only.end()) continue;
    sql += (sql.empty() ? "LOCK TABLES " : ", ") + quoted_name(table) + " WRITE";
  }
  if (sql.empty()) return;
  for (unsigned tried = 0;; ++tried) {
    try {
      connection.execute(sql);
      return connection.execute("UNLOCK TABLES");
    } catch (const Error& error) {
      // Tables that cannot be locked, as with a trigger that uses what does not exist, are not in use.
      if (error.kind() == ErrorKind::dump && !is_lock_wait(error)) return;
      if (!is_lock_wait(error)) throw;
    }
    if (tried >= patience.retries) {
      const std::string who = who_blocks(connection, exchange_.live, first_value(connection, "SELECT CONNECTION_ID()"));
      throw Error(
          ErrorKind::locked,
          fmt::format("the tables of {} stay in use{}", printable(exchange_.live), who.empty() ? "" : ": " + who),
          "wait until that has ended, or end it, and try again", true);
    }
    cancellation.check();
    std::this_thread::sleep_for(patience.pause);
  }
}

void LiveDatabase::clear(const Cancellation& cancellation) const {
  DatabaseConnection connection(login_, exchange_.live, cancellation);
  const std::string guard = load_guard_of(exchange_.live);
  await_load_guards(connection, guard);
  take_load_guard(connection, guard);
  connection.execute(fmt::format(
      "SET SESSION sql_mode = '', foreign_key_checks = 0, autocommit = 1, lock_wait_timeout = {}", kLockWaitSeconds));
  if (!exchange_.only_tables.empty()) {
    const SchemaNames names = read_names(connection, exchange_.live);
    for (const std::string& table : exchange_.only_tables) {
      if (names.views.contains(table)) connection.execute(drop_statement(ObjectKind::view, table));
      connection.execute("DROP TABLE IF EXISTS " + quoted_name(table));
    }
    return;
  }
  const SchemaNames names = read_names(connection, exchange_.live);
  // First what could still change something by itself.
  for (const auto& [kind, name] : names.others) {
    if (kind == ObjectKind::event) connection.execute(drop_statement(kind, name));
  }
  for (const std::string& view : names.views) connection.execute(drop_statement(ObjectKind::view, view));
  for (const std::string& table : names.tables) connection.execute("DROP TABLE IF EXISTS " + quoted_name(table));
  for (const auto& [kind, name] : names.others) {
    const bool package = kind == ObjectKind::package || kind == ObjectKind::package_body;
    if (package) connection.execute("SET SESSION sql_mode = 'ORACLE'");
    if (kind != ObjectKind::event) connection.execute(drop_statement(kind, name));
    if (package) connection.execute("SET SESSION sql_mode = ''");
  }
}

// They were made switched off, so that none of them writes into tables that are still being filled. Altering one would
// give it the settings of our session.
void LiveDatabase::wake_events(const LoadResult& loaded, const Cancellation& cancellation) const {
  SwapSession session(login_, exchange_.live, std::chrono::seconds(kLockWaitSeconds),
                      std::chrono::seconds(kLockWaitSeconds), cancellation);
  for (const auto& [event, status] : loaded.event_status) {
    if (status == "DISABLED") continue;
    SavedObject object = read_object(session, exchange_.live, ObjectKind::event, event);
    object.status = status;
    session.connection().execute(drop_statement(ObjectKind::event, event));
    session.execute_as(object, create_statement(object, {.from = exchange_.live, .to = exchange_.live, .definer = {}}));
  }
}

LoadResult LiveDatabase::put(const KeptDump& kept, const std::function<void(std::uint64_t, std::uint64_t)>& on_progress,
                             const Cancellation& cancellation) const {
  const OpenArchive archive(kept.archive, environment_.config.keys);
  const ArchivedDump dump(
      archive.reader(), [this] { return spool_in(environment_.config.state_dir); }, cancellation);
  if (dump.sum(cancellation) != kept.sha256) {
    throw Error(ErrorKind::verification,
                fmt::format("{} is not the archive any more that it was", printable(kept.archive)),
                "somebody has changed it meanwhile");
  }
  LoadOptions options;
  options.on_progress = on_progress;
  options.lock_tables = true;
  // A table that did not exist before is only removed again.
  for (const std::string& table : exchange_.only_tables) {
    const auto named = [&](const DumpTable& one) { return one.name == table; };
    if (std::any_of(dump.layout().tables.begin(), dump.layout().tables.end(), named)) {
      options.only_tables.push_back(table);
    }
  }
  clear(cancellation);
  if (options.only_tables.empty() != exchange_.only_tables.empty()) return {};
  LoadResult loaded = load_dump(
      dump.data(), dump.layout(),
      {.database = exchange_.live, .login = login_, .program_login = {}, .guard = load_guard_of(exchange_.live)},
      options, cancellation);
  wake_events(loaded, cancellation);
  return loaded;
}

}  // namespace wobackup
