#include "recovery/database_in_place.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/text.h"
#include "snapshot/backup_target.h"
#include "store/archive/partial_archive.h"
#include "target/database/shadow_database.h"
#include "target/swap/swap.h"
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

bool is_unknown_database(const Error& error) { return error.message().ends_with("(1049)"); }

std::string first_of(DatabaseConnection& connection, const std::string& sql) {
  const std::vector<SqlRow> rows = connection.rows(sql);
  return !rows.empty() && !rows[0].empty() && rows[0][0] ? *rows[0][0] : std::string();
}

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The database is gone, but the site's login may still open one of this name: nobody else's content can be in it.
void make_again(const Site& site, const DatabaseLogin& own, const SiteDatabase& database, const Config& config) {
  std::optional<ServerLogin> maker = own_login(own);
  if (config.database.admin && database.named_by_admin) {
    const std::optional<ServerLogin> admin = admin_login(config.database.defaults_file);
    if (admin && same_server(admin->host, own.host)) maker = admin;
    if (maker->host.socket.empty()) maker->host = own.host;
  }
  DatabaseConnection connection(*maker, "", never());
  if (const auto refused = connection.error_of("CREATE DATABASE " + quoted_name(own.name))) {
    throw Error(ErrorKind::failed,
                fmt::format("{}: its database {} is gone, and cannot be made: {}", site.name, printable(own.name),
                            printable(*refused)),
                fmt::format("make it: CREATE DATABASE {}", quoted_name(own.name)));
  }
}

SiteServerLogin choose_login(const Site& site, const SiteDatabase& database, const Config& config,
                             const Cancellation& cancellation) {
  const DatabaseLogin& own = *database.login;
  const auto choose = [&] {
    return choose_site_login(own, own.name, database.named_by_admin, config.database, cancellation);
  };
  try {
    return choose();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::dump || !is_unknown_database(error)) throw;
  }
  make_again(site, own, database, config);
  return choose();
}

// user@host, as the server knows the login.
std::string account_of(const ServerLogin& login, const std::string& database, const Cancellation& cancellation) {
  DatabaseConnection connection(login, database, cancellation);
  return first_of(connection, "SELECT CURRENT_USER()");
}

std::optional<Account> account_in(const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  return Account{text.substr(0, at), text.substr(at + 1)};
}

void require_room(DatabaseConnection& connection, const ArchivedDump& dump, const Config& config) {
  const std::string folder = first_of(connection, "SELECT @@datadir");
  const UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return;  // another machine's, or not ours to see
  const Space space = space_of(fd.get(), folder);
  const std::uint64_t min_free = config.min_free_bytes ? *config.min_free_bytes : default_min_free(space.total_bytes);
  // Indexes and half-filled pages; the content displaced stays, too.
  const std::uint64_t needed = dump.data().size() + dump.data().size() / 2;
  if (space.free_bytes < needed || space.free_bytes - needed < min_free) {
    throw Error(ErrorKind::no_space,
                fmt::format("{}: a second copy of the database needs about {}, {} are free, and {} shall stay free",
                            printable(folder), human_size(needed), human_size(space.free_bytes), human_size(min_free)),
                "free space on the database's disk");
  }
}

// Why the admin's login was not taken.
std::string hint_for_rights(const Site& site, const SiteDatabase& database, const Config& config) {
  if (!config.database.admin) return "set database.admin = true, or grant it; `restore --target --db` gives the dump";
  if (!database.named_by_admin) {
    return fmt::format(
        "the admin's login may be used once name is set in [site.\"{}\".database] of wobackup.toml: until then only "
        "a file of the site says whose the database is",
        site.name);
  }
  return "set database.defaults_file to an admin's login, or grant it; `restore --target --db` gives the dump";
}

}  // namespace

DatabaseInPlace DatabaseInPlace::plan(const Site& site, const SiteDatabase& database, const Config& config,
                                      const std::vector<std::string>& only_tables, const Cancellation& cancellation) {
  DatabaseInPlace made;
  DatabaseExchange& exchange = made.exchange_;
  const DatabaseLogin& own = *database.login;
  return asking_server(site.name, [&] {
    const SiteServerLogin chosen = choose_login(site, database, config, cancellation);
    made.login_ = chosen.login;
    exchange.definer = account_of(own_login(own), own.name, cancellation);
    exchange.live = own.name;
    exchange.shadow = new_shadow_name("restore");
    exchange.safety = new_shadow_name("safety");
    exchange.undone = new_shadow_name("undone");
    exchange.only_tables = only_tables;
    exchange.by_admin = chosen.is_admin;
    exchange.host = own.host.text();
    if (!chosen.is_admin) {
      exchange.user = own.user;
      exchange.password = own.password;
    }
    DatabaseConnection connection(made.login_, own.name, cancellation);
    const std::vector<std::string> missing = missing_swap_privileges(connection, own.name, exchange.safety);
    if (!missing.empty()) {
      std::string list;
      for (const std::string& right : missing) list += (list.empty() ? "" : ", ") + right;
      throw Error(ErrorKind::failed,
                  fmt::format("{}: {} may not restore its database beside the live one; it lacks {}", site.name,
                              printable(made.login_.source), printable(list)),
                  hint_for_rights(site, database, config));
    }
    return std::move(made);
  });
}

DatabaseInPlace DatabaseInPlace::open(DatabaseExchange exchange, const Config& config) {
  DatabaseInPlace found;
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

void DatabaseInPlace::preflight(const ArchivedDump& dump, const Config& config,
                                const Cancellation& cancellation) const {
  asking_server("the database server", [&] {
    DatabaseConnection connection(login_, "", cancellation);
    const std::uint64_t packet = number_in(first_of(connection, "SELECT @@global.max_allowed_packet"));
    const std::uint64_t longest = dump.layout().longest_statement;
    if (longest >= packet) {
      throw Error(ErrorKind::failed,
                  fmt::format("the dump has a statement of {}, and the server takes {} at most", human_size(longest),
                              human_size(packet)),
                  fmt::format("SET GLOBAL max_allowed_packet = {};", (longest / 1048576 + 1) * 1048576));
    }
    require_room(connection, dump, config);
  });
}

LoadResult DatabaseInPlace::load(const ArchivedDump& dump, LoadOptions options, const Cancellation& cancellation) {
  options.only_tables = exchange_.only_tables;
  return asking_server("loading " + dump.member(), [&] {
    ShadowDatabase shadow(
        login_,
        {.name = exchange_.shadow, .like_database = exchange_.live, .collation = {}, .with_user = exchange_.by_admin},
        cancellation);
    LoadResult result =
        load_dump(dump.data(), dump.layout(), {.database = shadow.name(), .login = shadow.login(), .program_login = {}},
                  options, cancellation);
    shadow.keep();
    exchange_.event_status = result.event_status;
    return result;
  });
}

std::vector<std::string> DatabaseInPlace::forward(const Persist& persist, const LogSink& log,
                                                  const Cancellation& cancellation) {
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
    request.persist = [&](const Json& saved) {
      exchange_.saved = saved;
      persist(exchange_);
    };
    request.log = log;
    return swap(request, cancellation).notes;
  });
}

void DatabaseInPlace::require_empty(const std::string& schema) const {
  DatabaseConnection connection(login_, "", never());
  const std::string count = first_of(
      connection, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + quoted_text(schema));
  if (count == "0") return;
  throw Error(ErrorKind::rollback_failed,
              fmt::format("the database {} still holds tables of {}", schema, exchange_.live),
              "look at both before anything is removed");
}

void DatabaseInPlace::back() {
  asking_server(exchange_.live, [&] {
    if (!exchange_.saved.is_null()) static_cast<void>(take_back_swap(login_, exchange_.saved, {}, never()));
    require_empty(exchange_.safety);
  });
}

void DatabaseInPlace::undo(const Persist& persist, const LogSink& log) {
  asking_server(exchange_.live, [&] {
    if (exchange_.undo_saved.is_null()) {
      SwapRequest request = undo_of(login_, exchange_.saved, exchange_.undone);
      request.persist = [&](const Json& saved) {
        exchange_.undo_saved = saved;
        persist(exchange_);
      };
      request.log = log;
      static_cast<void>(swap(request, never()));
    } else {
      static_cast<void>(finish_swap(login_, exchange_.undo_saved, {}, never()));
    }
    require_empty(exchange_.safety);
  });
}

void DatabaseInPlace::remove_shadow() const {
  asking_server(exchange_.shadow, [&] {
    DatabaseConnection connection(login_, "", never());
    drop_shadow(connection, exchange_.shadow);
  });
}

void DatabaseInPlace::remove_all() const {
  asking_server(exchange_.live, [&] {
    DatabaseConnection connection(login_, "", never());
    for (const std::string& name : {exchange_.shadow, exchange_.safety, exchange_.undone}) {
      drop_shadow(connection, name);
    }
  });
}

}  // namespace wobackup
