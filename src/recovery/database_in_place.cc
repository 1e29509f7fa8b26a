#include "recovery/database_in_place.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "database/sequence_names.h"
#include "database/single_value.h"
#include "recovery/foreign_views.h"
#include "recovery/in_place_login.h"
#include "snapshot/backup_target.h"
#include "store/archive/partial_archive.h"
#include "target/database/section_reader.h"
#include "target/database/shadow_database.h"
#include "target/database/statement_policy.h"
#include "target/swap/swap.h"
#include "target/swap/swap_checks.h"
#include "target/swap/swap_privileges.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

const Cancellation& never() {
  static const Cancellation cancellation;
  return cancellation;
}

// The server's refusals come as errors of a dump, which this is not.
template <class Action>
auto asking_server(const std::string& what, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::dump) throw;
    throw Error(ErrorKind::failed, error.in(what).message(), error.hint(), error.retryable());
  }
}

// What the server or the policy refuses of a dump.
template <class Action>
auto loading(const std::string& site, const std::string& member, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    const bool of_dump =
        error.kind() == ErrorKind::dump || error.kind() == ErrorKind::failed || error.kind() == ErrorKind::verification;
    if (!of_dump) throw;
    throw Error(error.kind() == ErrorKind::dump ? ErrorKind::failed : error.kind(),
                error.in(fmt::format("{}: loading {}", site, member)).message(),
                error.hint().empty() ? "`wobackup restore BACKUP --target DIR` brings the dump into a folder, to be "
                                       "looked at, and loaded by hand"
                                     : error.hint(),
                error.retryable());
  }
}

// user@host, as the server knows the login.
std::string account_of(const ServerLogin& login, const std::string& database, const Cancellation& cancellation) {
  DatabaseConnection connection(login, database, cancellation);
  return first_value(connection, "SELECT CURRENT_USER()");
}

std::optional<Account> account_in(const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  return Account{text.substr(0, at), text.substr(at + 1)};
}

// `freed`: bytes that are removed before.
void plan_room(DatabaseConnection& connection, const ArchivedDump& dump, std::uint64_t freed, RoomPlan& room) {
  const std::string folder = first_value(connection, "SELECT @@datadir");
  const UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return;  // another machine's, or not ours to see
  // Indexes and half-filled pages; the content displaced stays, too.
  const std::uint64_t copy = dump.data().size() + dump.data().size() / 2;
  room.add(fd.get(), folder, copy - std::min(copy, freed));
}

// Why the admin's login was not taken.
std::string hint_for_rights(const Site& site, const SiteDatabase& database, const Config& config) {
  const std::string otherwise =
      " (GRANT ALL ON " + shadow_grant_pattern(database.login->name) +
      ".* TO it); or load it straight into the live one, after a backup of that and while visitors wait: --live-load";
  if (!config.database.admin) return "set database.admin = true, or grant it" + otherwise;
  if (!database.named_by_admin) {
    return fmt::format(
        "the admin's login may be used once name is set in [site.\"{}\".database] of wobackup.toml: until then only "
        "a file of the site says whose the database is{}",
        site.name, otherwise);
  }
  return "set database.defaults_file to an admin's login, or grant it" + otherwise;
}

std::string listed(const std::vector<std::string>& rights) {
  std::string list;
  for (const std::string& right : rights) list += (list.empty() ? "" : ", ") + right;
  return printable(list);
}

std::string some_of(const std::vector<DumpTable>& tables) {
  constexpr std::size_t kShown = 12;
  std::string names;
  for (std::size_t i = 0; i < std::min(tables.size(), kShown); ++i) {
    names += (i == 0 ? "" : ", ") + printable(tables[i].name);
  }
  if (tables.empty()) return "none";
  return tables.size() > kShown ? names + fmt::format(" and {} more", tables.size() - kShown) : names;
}

// Broken views that a dump cannot hold, and the like.
std::vector<std::string> notes_of(const LoadResult& loaded, const KeptDump& kept) {
  std::vector<std::string> notes = loaded.notes;
  if (!notes.empty()) notes.back() += fmt::format(" (the dump in {} has what it was)", printable(kept.archive));
  return notes;
}

std::string by_hand(const std::string& site, const std::string& live, const KeptDump& safety, const char* again) {
  return fmt::format(
      "try again: wobackup restore --{0} {1}; or by hand: the database as it was is in {2}; empty {3}, and load it: "
      "wobackup dump '{2}' --db | mariadb {3}",
      again, site, printable(safety.archive), printable(live));
}

}  // namespace

DatabaseInPlace DatabaseInPlace::plan(const Site& site, const SiteDatabase& database, const DatabaseWish& wish,
                                      const InPlaceEnvironment& environment, const Cancellation& cancellation) {
  const Config& config = environment.config;
  DatabaseInPlace made(site, environment);
  DatabaseExchange& exchange = made.exchange_;
  const DatabaseLogin& own = *database.login;
  return asking_server(site.name, [&] {
    const SiteServerLogin chosen = in_place_login(site, database, wish.collation, environment, cancellation);
    made.login_ = chosen.login;
    made.site_login_ = own_login(own);
    exchange.definer = account_of(own_login(own), own.name, cancellation);
    exchange.live = own.name;
    exchange.shadow = new_shadow_name("restore", own.name);
    exchange.safety = new_shadow_name("safety", own.name);
    exchange.undone = new_shadow_name("undone", own.name);
    exchange.only_tables = wish.only_tables;
    exchange.by_admin = chosen.is_admin;
    exchange.host = own.host.text();
    if (!chosen.is_admin) {
      exchange.user = own.user;
      exchange.password = own.password;
    }
    DatabaseConnection connection(made.login_, own.name, cancellation);
    const std::vector<std::string> missing = missing_swap_privileges(connection, own.name, exchange.safety);
    if (missing.empty()) return std::move(made);
    if (!wish.live_load) {
      throw Error(ErrorKind::failed,
                  fmt::format("{}: {} may not restore its database beside the live one; it lacks {}", site.name,
                              printable(made.login_.source), listed(missing)),
                  hint_for_rights(site, database, config));
    }
    made.plan_live_load(own, wish);
    return std::move(made);
  });
}

// All by the site's own login: it can do no harm elsewhere.
void DatabaseInPlace::plan_live_load(const DatabaseLogin& own, const DatabaseWish& wish) {
  login_ = own_login(own);
  exchange_.by_admin = false;
  exchange_.user = own.user;
  exchange_.password = own.password;
  exchange_.shadow = exchange_.safety = exchange_.undone = {};
  exchange_.live_load = LiveLoad{.wanted = {wish.archive.string(), {}}, .safety = {}, .undone = {}};
  const std::vector<std::string> missing = live().missing_privileges();
  if (missing.empty()) return;
  throw Error(ErrorKind::failed, fmt::format("{}: {} may not load a dump into its database; it lacks {}", site_.name,
                                             printable(login_.source), listed(missing)));
}

DatabaseInPlace DatabaseInPlace::open(const Site& site, DatabaseExchange exchange,
                                      const InPlaceEnvironment& environment) {
  const Config& config = environment.config;
  DatabaseInPlace found(site, environment);
  const std::optional<DatabaseHost> host = database_host_from(exchange.host);
  if (!host) throw Error(ErrorKind::failed, "the journal names no database server");
  if (exchange.by_admin) {
    const std::optional<ServerLogin> admin = admin_login(config.database.defaults_file);
    if (!admin || !same_server(admin->host, *host)) {
      throw Error(ErrorKind::failed, "the admin's login to the database server, with which the restore began, is gone",
                  "set database.defaults_file");
    }
    found.login_ = *admin;
    if (found.login_.host.socket.empty() && !host->socket.empty()) found.login_.host = *host;
  } else {
    found.login_ = own_login({exchange.live, exchange.user, exchange.password, *host});
  }
  found.exchange_ = std::move(exchange);
  return found;
}

void DatabaseInPlace::preflight(const ArchivedDump& dump, RoomPlan room, const Cancellation& cancellation) const {
  asking_server("the database server", [&] {
    DatabaseConnection connection(login_, "", cancellation);
    const std::uint64_t packet = first_number(connection, "SELECT @@global.max_allowed_packet");
    const std::uint64_t longest = dump.layout().longest_statement;
    if (longest >= packet) {
      throw Error(ErrorKind::failed,
                  fmt::format("the dump has a statement of {}, and the server takes {} at most", human_size(longest),
                              human_size(packet)),
                  fmt::format("SET GLOBAL max_allowed_packet = {};", (longest / 1048576 + 1) * 1048576));
    }
    const std::uint64_t freed =
        loads_into_live() && exchange_.only_tables.empty()
            ? first_number(
                  connection,
                  "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
                      quoted_text(exchange_.live))
            : 0;
    plan_room(connection, dump, freed, room);
    room.require(environment_->config);
    if (!exchange_.only_tables.empty()) require_tables(connection, dump);
  });
}

// Only the table comes: the sequences that it counts by are those of live.
void DatabaseInPlace::require_sequences(DatabaseConnection& connection, const ArchivedDump& dump,
                                        const DumpTable& table) const {
  std::vector<SequenceName> sequences;
  read_statements(dump.data(), table.section.schema, StatementPolicy::kLongestText, never(),
                  [&](const DumpStatement& statement) {
                    for (SequenceName& sequence : sequences_in(statement.text))
                      sequences.push_back(std::move(sequence));
                  });
  for (const SequenceName& sequence : sequences) {
    const std::string there = first_value(
        connection,
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'SEQUENCE' AND TABLE_SCHEMA = " +
            quoted_text(exchange_.live) + " AND TABLE_NAME = " + quoted_text(sequence.name));
    if (!there.empty()) continue;
    throw Error(ErrorKind::failed,
                fmt::format("{}: the table {} counts by the sequence {}, which {} does not have", site_.name,
                            printable(table.name), printable(sequence.name), printable(exchange_.live)),
                fmt::format("make it (CREATE SEQUENCE {}), or restore the whole database (--db)",
                            printable(quoted_name(sequence.name))));
  }
}

// What the loading and the exchange would find out later.
void DatabaseInPlace::require_tables(DatabaseConnection& connection, const ArchivedDump& dump) const {
  const std::vector<DumpTable>& tables = dump.layout().tables;
  for (const std::string& wanted : exchange_.only_tables) {
    const auto found =
        std::find_if(tables.begin(), tables.end(), [&](const auto& table) { return table.name == wanted; });
    if (found != tables.end()) {
      require_sequences(connection, dump, *found);
      continue;
    }
    throw Error(ErrorKind::not_found, fmt::format("the dump has no table {}", printable(wanted)),
                "it has " + some_of(tables));
  }
  if (!loads_into_live()) check_foreign_keys_of(connection, exchange_.live, exchange_.only_tables);
}

// Tables that only live has: they go with all else that was there, which is meant, but should be no surprise.
std::vector<std::string> DatabaseInPlace::note_of_displaced(const ArchivedDump& dump) const {
  constexpr std::size_t kShown = 12;
  if (!exchange_.only_tables.empty()) return {};
  return asking_server(exchange_.live, [&]() -> std::vector<std::string> {
    DatabaseConnection connection(login_, "", never());
    std::vector<std::string> gone;
    const std::string tables =
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = ";
    connection.query(tables + quoted_text(exchange_.live) + " ORDER BY TABLE_NAME",
                     [&](const SqlRow& row) { gone.emplace_back(row.at(0).value_or("")); });
    for (const DumpTable& table : dump.layout().tables) std::erase(gone, table.name);
    if (gone.empty()) return {};
    std::string names;
    for (std::size_t i = 0; i < std::min(gone.size(), kShown); ++i) names += (i == 0 ? "" : ", ") + printable(gone[i]);
    if (gone.size() > kShown) names += fmt::format(" and {} more", gone.size() - kShown);
    return {fmt::format("{} of the database {} not in the backup and {} displaced: {}",
                        gone.size() == 1 ? "1 table" : fmt::format("{} tables", gone.size()),
                        gone.size() == 1 ? "is" : "are", gone.size() == 1 ? "was" : "were", names)};
  });
}

LoadResult DatabaseInPlace::load(const ArchivedDump& dump, LoadOptions options, const Cancellation& cancellation) {
  if (loads_into_live()) {
    asking_server("the database server", [&] { live().check(dump, cancellation); });
    exchange_.live_load->wanted.sha256 = dump.sum(cancellation);
    LoadResult judged;
    judged.notes = note_of_displaced(dump);
    return judged;
  }
  options.only_tables = exchange_.only_tables;
  options.owner = exchange_.definer;
  // The admin's right to read everything must not become that of a view in a dump; the site's login makes its own.
  options.leave_foreign_views = exchange_.by_admin && site_login_ && account_in(exchange_.definer);
  return loading(site_.name, dump.member(), [&] {
    ShadowDatabase shadow(login_,
                          {.name = exchange_.shadow,
                           .like_database = exchange_.live,
                           .collation = {},
                           .with_user = exchange_.by_admin,
                           .of_dump = dump.layout().collation},
                          cancellation);
    LoadResult result =
        load_dump(dump.data(), dump.layout(), {.database = shadow.name(), .login = shadow.login(), .program_login = {}},
                  options, cancellation);
    if (!result.foreign_views.empty()) {
      exchange_.foreign_views =
          planned_foreign_views(result.foreign_views, *site_login_, exchange_.live, exchange_.definer, cancellation);
    }
    shadow.keep();
    exchange_.event_status = result.event_status;
    for (std::string& note : note_of_displaced(dump)) result.notes.push_back(std::move(note));
    return result;
  });
}

std::vector<std::string> DatabaseInPlace::forward(const Persist& persist, const LogSink& log,
                                                  const Cancellation& cancellation) {
  if (loads_into_live()) return load_into_live(persist, cancellation);
  return asking_server(exchange_.live, [&] {
    if (!exchange_.saved.is_null()) return finish_swap(login_, exchange_.saved, {}, cancellation);
    SwapRequest request;
    request.login = login_;
    request.live = exchange_.live;
    request.shadow = exchange_.shadow;
    request.safety = exchange_.safety;
    request.only_tables = exchange_.only_tables;
    request.site_user = account_in(exchange_.definer);
    request.event_status = exchange_.event_status;
    for (const Json& view : exchange_.foreign_views) request.foreign_views.push_back(saved_object_of(view));
    request.persist = [&](const Json& saved) {
      exchange_.saved = saved;
      persist(exchange_);
    };
    request.log = log;
    return swap(request, cancellation).notes;
  });
}

// Each step is in the journal when the next one begins.
std::vector<std::string> DatabaseInPlace::load_into_live(const Persist& persist, const Cancellation& cancellation) {
  LiveLoad& load = *exchange_.live_load;
  if (load.loaded) return {};
  return loading(site_.name, "the dump into " + printable(exchange_.live), [&] {
    if (load.safety.archive.empty()) {
      load.safety = live().keep("pre-restore", cancellation);
      persist(exchange_);
    }
    if (!load.begun) {
      live().await_free(cancellation);
      load.begun = true;
      persist(exchange_);
    }
    loaded_ = live().put(load.wanted, on_progress, cancellation);
    load.loaded = true;
    persist(exchange_);
    return loaded_->notes;
  });
}

std::vector<std::string> DatabaseInPlace::take_back_live() {
  const LiveLoad& load = *exchange_.live_load;
  if (!load.begun) return {};
  try {
    return asking_server(exchange_.live, [&] { return notes_of(live().put(load.safety, {}, never()), load.safety); });
  } catch (const Error& error) {
    throw Error(ErrorKind::rollback_failed, error.message(), by_hand(site_.name, exchange_.live, load.safety, "abort"));
  }
}

std::vector<std::string> DatabaseInPlace::undo_live(const Persist& persist) {
  LiveLoad& load = *exchange_.live_load;
  if (load.taken_back) return {};
  try {
    return asking_server(exchange_.live, [&] {
      if (load.undone.archive.empty()) {
        load.undone = live().keep("pre-undo", never());
        persist(exchange_);
      }
      live().await_free(never());
      std::vector<std::string> notes = notes_of(live().put(load.safety, {}, never()), load.safety);
      load.taken_back = true;
      persist(exchange_);
      return notes;
    });
  } catch (const Error& error) {
    throw Error(error.kind(), error.message(), by_hand(site_.name, exchange_.live, load.safety, "resume"));
  }
}

void DatabaseInPlace::require_empty(const std::string& schema) const {
  DatabaseConnection connection(login_, "", never());
  const std::uint64_t count = first_number(
      connection, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + quoted_text(schema));
  if (count == 0) return;
  throw Error(ErrorKind::rollback_failed,
              fmt::format("the database {} still holds tables of {}", schema, exchange_.live),
              "look at both before anything is removed");
}

std::vector<std::string> DatabaseInPlace::back() {
  if (loads_into_live()) return take_back_live();
  return asking_server(exchange_.live, [&] {
    std::vector<std::string> notes;
    if (!exchange_.saved.is_null()) notes = take_back_swap(login_, exchange_.saved, {}, never());
    require_empty(exchange_.safety);
    return notes;
  });
}

std::vector<std::string> DatabaseInPlace::undo(const Persist& persist, const LogSink& log) {
  if (loads_into_live()) return undo_live(persist);
  return asking_server(exchange_.live, [&] {
    std::vector<std::string> notes;
    if (exchange_.undo_saved.is_null()) {
      SwapRequest request = undo_of(login_, exchange_.saved, exchange_.undone);
      request.persist = [&](const Json& saved) {
        exchange_.undo_saved = saved;
        persist(exchange_);
      };
      request.log = log;
      notes = swap(request, never()).notes;
    } else {
      notes = finish_swap(login_, exchange_.undo_saved, {}, never());
    }
    require_empty(exchange_.safety);
    return notes;
  });
}

std::vector<std::string> DatabaseInPlace::exchanged_tables_in(const std::string& schema) const {
  return asking_server(schema, [&] {
    DatabaseConnection connection(login_, "", never());
    std::vector<std::string> tables;
    for (const std::string& table : exchange_.only_tables) {
      const std::uint64_t there = first_number(
          connection, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + quoted_text(schema) +
                          " AND TABLE_NAME = " + quoted_text(table));
      if (there > 0) tables.push_back(table);
    }
    return tables;
  });
}

void DatabaseInPlace::remove_shadow() const {
  if (loads_into_live()) return;
  asking_server(exchange_.shadow, [&] {
    DatabaseConnection connection(login_, "", never());
    drop_shadow(connection, exchange_.shadow);
  });
}

void DatabaseInPlace::remove_all() const {
  if (loads_into_live()) return;
  asking_server(exchange_.live, [&] {
    DatabaseConnection connection(login_, "", never());
    for (const std::string& name : {exchange_.shadow, exchange_.safety, exchange_.undone}) {
      drop_shadow(connection, name);
    }
  });
}

}  // namespace wobackup
