#include "source/database/mysql_dump.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/text.h"
#include "container/manifest.h"
#include "database/dump_sections.h"
#include "database/inventory.h"
#include "database/sql_scanner.h"
#include "source/database/dump_privileges.h"
#include "source/database/dump_program.h"
#include "source/database/event_states.h"
#include "source/database/table_locks.h"

namespace wobackup {
namespace {

Error broken_rule(const std::string& what, std::string hint = {}) {
  return Error(ErrorKind::dump, what, std::move(hint));
}

constexpr const char* kServerGone =
    "is the database server running, and does its log say why it closed the connection?";

// What to do about a dump program that failed.
std::string hint_for(const std::string& message, bool is_admin) {
  for (const char* gone : {"Lost connection", "gone away", "Can't connect", "shutdown in progress", "was killed"}) {
    if (message.find(gone) != std::string::npos) return kServerGone;
  }
  if (is_admin) return "try again; if it fails again, run the dump program by hand";
  return "it ran with the site's own login, which may lack rights: set database.defaults_file, and name the database "
         "in the registry or in [site.\"...\".database]";
}

// The broken views' definitions as comments, so that no line of them can be anything else.
std::string comment_of(const std::vector<BrokenView>& views) {
  std::string text;
  for (const BrokenView& view : views) {
    text += fmt::format("-- View {} cannot be used: {}. Its definition was:\n", printable(quoted_name(view.name)),
                        printable(view.why));
    for (const std::string_view line : split(view.definition, '\n')) text += fmt::format("-- {}\n", printable(line));
  }
  return text;
}

// Passes the dump on to scanner and sink, with a remark behind the first line. (The sandbox line must stay the first.)
class DumpStream {
 public:
  DumpStream(ByteSink& sink, SqlScanner& scanner, std::string remark)
      : sink_(sink), scanner_(scanner), remark_(std::move(remark)) {}

  void write(ByteSpan bytes) {
    if (!remark_.empty()) {
      const std::size_t newline = text_of(bytes).find('\n');
      if (newline != std::string_view::npos) {
        pass(bytes.first(newline + 1));
        pass(bytes_of(std::exchange(remark_, {})));
        bytes = bytes.subspan(newline + 1);
      }
    }
    pass(bytes);
  }

 private:
  void pass(ByteSpan bytes) {
    scanner_.feed(bytes);
    sink_.write(bytes);
  }
  ByteSink& sink_;
  SqlScanner& scanner_;
  std::string remark_;
};

template <class Map>
std::set<std::string> keys_of(const Map& map) {
  std::set<std::string> keys;
  for (const auto& item : map) keys.insert(item.first);
  return keys;
}

// Names on one side only are either missing in the dump or, worse, made up by it.
void compare_names(const char* kind, const std::set<std::string>& dumped, const std::set<std::string>& listed,
                   const std::string& hint) {
  for (const std::string& name : listed) {
    if (!dumped.contains(name)) {
      throw broken_rule(fmt::format("the {} {} is in the database but not in the dump", kind, printable(name)), hint);
    }
  }
  for (const std::string& name : dumped) {
    if (!listed.contains(name)) {
      throw broken_rule(fmt::format("the {} {} is in the dump but not in the database", kind, printable(name)));
    }
  }
}

void compare(const DumpSections& sections, const Inventory& inventory, const std::vector<BrokenView>& broken,
             bool is_admin) {
  const std::string hint =
      is_admin ? ""
               : "the site's login may not see it: grant it more, or set database.defaults_file to an admin's login";
  std::set<std::string> views = inventory.views;
  for (const BrokenView& view : broken) views.erase(view.name);
  std::set<std::string> routines;
  for (const std::string& name : keys_of(sections.routines())) routines.insert(name);
  compare_names("table", keys_of(sections.tables()), keys_of(inventory.tables), hint);
  compare_names("view", keys_of(sections.views()), views, hint);
  compare_names("trigger", keys_of(sections.triggers()), inventory.triggers, hint);
  compare_names("routine", routines, inventory.routines, hint);
  compare_names("event", keys_of(sections.events()), inventory.events, hint);
  compare_names("sequence", keys_of(sections.sequences()), inventory.sequences, hint);
}

Json describe(const DumpRequest& request, const DatabaseConnection& connection, const DumpProgram& program,
              const DumpSections& sections, const SqlScanner& scanner, const Inventory& inventory,
              const std::vector<BrokenView>& broken) {
  Json description;
  put_text(description, "name", request.database);
  if (!request.former_name.empty()) put_text(description, "former_name", request.former_name);
  description["engine"] = connection.is_mariadb() ? "mariadb" : "mysql";
  description["server_version"] = connection.version();
  description["dump_program"] = program.version;
  description["charset"] = "utf8mb4";
  put_text(description, "default_charset", inventory.default_charset);
  put_text(description, "default_collation", inventory.default_collation);
  description["max_allowed_packet"] = scanner.longest_statement();
  description["sandbox_line"] = scanner.has_sandbox_line();
  sections.describe(description);
  for (Json& table : description["tables"]) {
    const auto facts = inventory.tables.find(table["name"].get<std::string>());
    if (facts != inventory.tables.end()) table["engine"] = facts->second.engine;
  }
  if (!broken.empty()) {
    Json list = Json::array();
    for (const BrokenView& view : broken) {
      Json item;
      put_text(item, "name", view.name);
      item["why"] = view.why;
      put_text(item, "definition", view.definition);
      list.push_back(std::move(item));
    }
    description["broken_views"] = std::move(list);
  }
  return description;
}

// What is right, but less than somebody may expect.
void tell_shortcomings(const DumpRequest& request, const TableLocks& locks, const std::vector<BrokenView>& broken,
                       const Inventory& inventory) {
  if (!request.on_note) return;
  if (!locks.problem().empty()) {
    request.on_note(fmt::format("tables without transactions could not be locked ({}): they may not fit the rest",
                                locks.problem()));
  }
  for (const BrokenView& view : broken) {
    request.on_note(fmt::format("the view {} is broken ({}): its definition is kept as a comment", printable(view.name),
                                printable(view.why)));
  }
  for (const auto& [name, facts] : inventory.tables) {
    if (facts.versioned) {
      request.on_note(fmt::format("the table {} is dumped without its history of old rows", printable(name)));
    }
  }
}

// One try. Returns nothing if the schema changed meanwhile.
std::optional<DumpReport> try_dump(const DumpRequest& request, const SiteServerLogin& login, const DumpProgram& program,
                                   ByteSink& sink, const Cancellation& cancellation) {
  DatabaseConnection connection(login.login, request.database, cancellation);
  const std::string missing = login.is_admin ? std::string() : missing_privileges(connection, request.database);
  if (!missing.empty()) {
    throw broken_rule(fmt::format("'{}' lacks privileges on the database: {}", printable(login.login.user), missing),
                      fmt::format("GRANT {} ON {}.* to it, or set database.defaults_file", missing,
                                  printable(quoted_name(request.database))));
  }
  const Inventory before = take_inventory(connection);
  const std::vector<BrokenView> broken = broken_views(connection, before);
  std::vector<std::string> left_out;
  left_out.reserve(broken.size());
  for (const BrokenView& view : broken) left_out.push_back(view.name);
  if (request.on_size) request.on_size(before.data_bytes);

  const TableLocks locks(login.login, request.database, before.tables_without_transactions(),
                         request.defaults.lock_wait, cancellation);
  DumpSections sections;
  SqlScanner scanner([&sections](const SqlStatement& statement) { sections.add(statement); });
  DumpStream stream(sink, scanner, comment_of(broken));
  EventStates events(request.event_states, [&stream](ByteSpan bytes) { stream.write(bytes); });
  std::optional<Error> failure;
  try {
    run_dump_program(
        program, login.login, request.database, left_out, !login.is_admin,
        [&events](ByteSpan bytes) { events.write(bytes); }, cancellation);
    events.finish();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::dump) throw;
    failure = error;
  }
  scanner.finish();

  // A server that went away in mid dump cannot be asked: its own message is the one that counts.
  Inventory after;
  try {
    DatabaseConnection again(login.login, request.database, cancellation);
    after = take_inventory(again);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    throw failure ? failure->with_hint(kServerGone) : error;
  }
  if (after.fingerprint != before.fingerprint) return std::nullopt;
  if (failure) throw failure->with_hint(hint_for(failure->message(), login.is_admin));
  if (!scanner.completed()) throw broken_rule("the dump does not end with its completion marker: it was cut off");
  compare(sections, after, broken, login.is_admin);

  tell_shortcomings(request, locks, broken, before);
  DumpReport report;
  report.tables = sections.tables().size();
  for (const auto& [name, section] : sections.tables()) report.rows += section.rows;
  report.description = describe(request, connection, program, sections, scanner, before, broken);
  return report;
}

}  // namespace

DumpReport dump_database(const DumpRequest& request, ByteSink& sink, const Cancellation& cancellation) {
  const std::string context = fmt::format("database dump failed: {}", request.site);
  try {
    const SiteServerLogin login = request.known_login
                                      ? *request.known_login
                                      : choose_site_login(request.login, request.database, request.named_by_admin,
                                                          request.defaults, cancellation);
    const DumpProgram program = find_dump_program(request.defaults.dump_program);
    if (auto report = try_dump(request, login, program, sink, cancellation)) return std::move(*report);
    sink.restart();
    if (auto report = try_dump(request, login, program, sink, cancellation)) return std::move(*report);
    throw broken_rule("the schema changed during the dump, twice",
                      "is an update or a migration running? Try again when it has ended");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::no_space) throw;
    throw Error(ErrorKind::dump, error.in(context).message(), error.hint(), error.retryable());
  }
}

}  // namespace wobackup
