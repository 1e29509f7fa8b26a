// wobackup restore --in-place, and the ways back from it
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <istream>

#include "base/host_name.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/wording.h"

namespace wobackup::cli {
namespace {

[[noreturn]] void wrong_usage(const std::string& message, const std::string& hint = {}) {
  throw Error(ErrorKind::usage, message, hint);
}

void check(const RestoreArguments& arguments) {
  const int ways = int{arguments.in_place} + int{arguments.undo} + int{arguments.resume} + int{arguments.abort} +
                   int{arguments.finish};
  if (ways > 1) wrong_usage("--in-place, --undo, --finish, --resume and --abort exclude each other");
  if (arguments.what.empty()) wrong_usage("no site was named", "for example `wobackup restore --undo example.com`");
  if (arguments.discard && !arguments.undo && !arguments.finish) wrong_usage("--discard goes with --undo or --finish");
  if (!arguments.target.empty()) wrong_usage("--target and --in-place exclude each other");
  if (!arguments.site.empty() && !arguments.in_place)
    wrong_usage("--site goes with --in-place", "name the site itself");
  if (!arguments.in_place) return;
  if (arguments.files_only && arguments.database_only) {
    wrong_usage("--files and --db exclude each other", "leave out both to restore everything");
  }
  if (!arguments.exclude.empty())
    wrong_usage("--exclude does not go with --in-place", "name what is wanted: --include");
  if (arguments.salvage || arguments.dry_run || arguments.numeric_owner) {
    wrong_usage("--salvage, --dry-run and --numeric-owner go with --target");
  }
  if (arguments.overwrite != "always") {
    wrong_usage("--overwrite goes with --target", "in place, what was there is kept whole for --undo");
  }
  for (const std::string& path : arguments.include) {
    if (path == "vhost.json" || path == "/vhost.json") {
      wrong_usage("vhost.json tells of the backup, and is no file of the site", "`wobackup dump` prints it");
    }
  }
}

bool is_site(const std::string& name, const Service& service) {
  try {
    static_cast<void>(service.site(name));
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::usage) throw;
    return false;
  }
}

// Whoever may write into one site's folder of archives must not choose another site.
std::string owner_of_folder(const std::filesystem::path& archive, const Service& service) {
  for (std::filesystem::path folder = archive.parent_path(); folder != folder.root_path();
       folder = folder.parent_path()) {
    if (is_site(folder.filename().string(), service)) return folder.filename().string();
  }
  return {};
}

// Into which site: --site says it, or the backup itself, unless what was named (SITE, SITE/NAME, or an archive in a
// site's folder) speaks against that.
std::string site_name_of(const RestoreArguments& arguments, const std::filesystem::path& archive,
                         const ArchiveOrigin& origin, const Service& service) {
  if (!arguments.site.empty()) return arguments.site;
  const std::string& what = arguments.what;
  const bool is_file = archive == what || archive == std::filesystem::absolute(what);  // as Service::find has taken it
  std::string named = is_file ? owner_of_folder(archive, service) : what.substr(0, what.find('/'));
  if (origin.site && (named.empty() || named == *origin.site)) return *origin.site;
  if (origin.site) {
    wrong_usage(
        fmt::format("{} is a backup of {}, not of {}", printable(archive.string()), *origin.site, printable(named)),
        fmt::format("say into which site it shall go: --site {} or --site {}", *origin.site, printable(named)));
  }
  if (!is_file) return named;
  wrong_usage(fmt::format("{} does not say of which site it is a backup", printable(archive.string())),
              "say into which site it shall go: --site NAME");
}

Site site_of(const std::string& name, const Service& service) {
  try {
    return service.site(name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    throw Error(error.kind(), error.message(),
                fmt::format("if the site is gone from the server, make it first: wo site create {}", printable(name)));
  }
}

// By its path an archive is found without its site; SITE/NAME needs it.
std::filesystem::path backup_for(const RestoreArguments& arguments, const Service& service) {
  try {
    return find_backup(arguments.what, arguments.path, arguments.from, service);
  } catch (const Error& error) {
    const std::string name = arguments.what.substr(0, arguments.what.find('/'));
    if (error.kind() != ErrorKind::not_found || name.empty() || !host_name(name) || is_site(name, service)) throw;
    const std::string gone =
        fmt::format("if the site is gone from the server, make it first: wo site create {}", printable(name));
    throw Error(error.kind(), error.message(), error.hint().empty() ? gone : error.hint() + "; " + gone);
  }
}

void ask(const std::string& question, const RestoreArguments& arguments, Output& output) {
  if (arguments.yes) return;
  Terminal& terminal = output.terminal();
  if (!terminal.in_is_terminal || !terminal.err_is_terminal || output.json()) {
    wrong_usage("this replaces live files, and nobody is there to be asked", "--yes says that it is meant");
  }
  terminal.err << printable(question) << " [y/N] " << std::flush;
  std::string answer;
  std::getline(terminal.in, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") throw Error(ErrorKind::interrupted, "nothing was changed");
}

int done(const std::string& text, const Json& fields, Output& output) {
  if (!output.json()) {
    output.line(text);
    return 0;
  }
  Json summary = fields;
  summary["exit_code"] = 0;
  output.object("summary", summary);
  return 0;
}

// "the files and the database of example.com"
std::string subject(const RestoreArguments& arguments, const ArchiveOrigin& origin, const std::string& site) {
  if (!arguments.include.empty()) return fmt::format("{} of {}", counted(arguments.include.size(), "path"), site);
  if (!arguments.tables.empty()) return fmt::format("{} of {}", counted(arguments.tables.size(), "table"), site);
  if (origin.part) {
    const std::vector<std::string>& paths = origin.part->paths;
    return fmt::format("{} of {}, which is all that the backup holds",
                       paths.empty() ? counted(origin.part->tables.size(), "table") : counted(paths.size(), "path"),
                       site);
  }
  if (arguments.files_only) return "the files of " + site;
  if (arguments.database_only) return "the database of " + site;
  return "the files and the database of " + site;
}

LockWait wait_of(const RestoreArguments& arguments, Output& output) {
  LockWait wait{std::chrono::seconds(0), output.terminal().interrupted};
  if (arguments.wait.empty()) return wait;
  const auto seconds = seconds_from(arguments.wait);
  if (!seconds) {
    wrong_usage(fmt::format("--wait {} is not a duration", printable(arguments.wait)), "for example --wait 10m");
  }
  wait.longest = std::chrono::seconds(*seconds);
  return wait;
}

// "of wp.example, made 2025-01-20T14:25:30+00:00"
std::string described(const ArchiveOrigin& origin, const std::string& site) {
  std::string text;
  if (!origin.site) text += " (it does not say of which site)";
  if (origin.site && *origin.site != site) text += " OF ANOTHER SITE, " + *origin.site;
  if (!origin.time.empty()) text += " made " + printable(origin.time);
  return text;
}

InPlaceOptions options_of(const RestoreArguments& arguments, Output& output) {
  InPlaceOptions options;
  options.files = !arguments.database_only;
  options.database = !arguments.files_only;
  options.include = arguments.include;
  options.tables = arguments.tables;
  options.accept_changed = arguments.accept_changed;
  options.shared = arguments.shared;
  options.live_load = arguments.live_load;
  options.check = !arguments.no_check;
  options.other_site = !arguments.site.empty();
  options.wait = wait_of(arguments, output).longest;
  if (output.wants_progress()) options.on_progress = [&output](const Progress& progress) { output.progress(progress); };
  options.cancelled = output.terminal().interrupted;
  return options;
}

Json json_of(const RestoredInPlace& restored, const std::string& site, const std::filesystem::path& archive) {
  Json fields;
  fields["site"] = site;
  fields["archive"] = json_text(archive.string());
  fields["files"] = restored.staged.files;
  fields["bytes"] = restored.staged.bytes;
  fields["exchanged"] = Json::array();
  for (const std::string& path : restored.exchanged) fields["exchanged"].push_back(json_text(path));
  fields["database"] = restored.database.empty() ? Json(nullptr) : Json(json_text(restored.database));
  fields["safety_archive"] =
      restored.safety_archive ? Json(json_text(restored.safety_archive->string())) : Json(nullptr);
  fields["tables"] = restored.tables;
  fields["rows"] = restored.rows;
  fields["wordpress"] = restored.wordpress ? Json(*restored.wordpress) : Json(nullptr);
  fields["http_status"] = restored.http_status ? Json(*restored.http_status) : Json(nullptr);
  fields["notes"] = Json::array();
  for (const std::string& note : restored.notes) fields["notes"].push_back(json_text(note));
  fields["seconds"] = static_cast<double>(restored.elapsed.count()) / 1000;
  return fields;
}

std::string text_of(const RestoredInPlace& restored, const std::string& site) {
  std::string parts;
  const auto add = [&parts](const std::string& part) { parts += (parts.empty() ? "" : "; ") + part; };
  if (!restored.exchanged.empty()) {
    add(fmt::format("{}, {}", counted(restored.staged.files, "file"), human_size(restored.staged.bytes)));
  }
  if (!restored.database.empty()) {
    add(fmt::format("database {}, {}, {}", printable(restored.database), counted(restored.tables, "table"),
                    counted(restored.rows, "row")));
  }
  if (restored.wordpress) add("WordPress " + *restored.wordpress + " runs");
  const std::string safety = restored.safety_archive ? fmt::format("\nThe database as it was: {}",
                                                                   printable(restored.safety_archive->string()))
                                                     : std::string();
  return fmt::format("{}: restored {}, {:.1f} s{}\nTake it back: wobackup restore --undo {}", site, parts,
                     std::chrono::duration<double>(restored.elapsed).count(), safety, site);
}

int restore_now(const RestoreArguments& arguments, Service& service, Output& output) {
  const std::filesystem::path archive = backup_for(arguments, service);
  const ArchiveOrigin origin = service.origin(archive);
  const Site site = site_of(site_name_of(arguments, archive, origin, service), service);
  const char* const how = arguments.live_load
                              ? " If its login may not make a database, the dump is loaded straight into the live one, "
                                "after a backup of that: visitors wait meanwhile."
                              : "";
  ask(fmt::format("Replace {} ({}) by the backup{}: {}?{}", subject(arguments, origin, site.name), site.path.string(),
                  described(origin, site.name), archive.string(), how),
      arguments, output);
  const RestoredInPlace restored = service.restore_in_place(site, archive, options_of(arguments, output));
  output.clear_progress();
  show_notes(restored.staged.notes, restored.staged.notes_count, "", "", output);
  for (const std::string& note : restored.notes) output.warning(printable(note));
  return done(text_of(restored, site.name), json_of(restored, site.name, archive), output);
}

// Back first; what the restore had brought, and what was written since, is archived while the site runs again.
int undo(const RestoreArguments& arguments, Service& service, Output& output) {
  const std::string& site = arguments.what;
  if (!service.pending_restore(site)) {
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no restore to undo", printable(site)),
                "`wobackup restore --status` shows what there is");
  }
  ask(fmt::format("Take the last restore of {} back?", site), arguments, output);
  const LockWait wait = wait_of(arguments, output);
  service.undo_restore(site, wait);
  Json fields{{"site", json_text(site)}, {"archive", nullptr}};
  std::string text = fmt::format("{}: everything is as it was before the restore", printable(site));
  try {
    const std::filesystem::path archive = service.finish_restore(service.site(site), arguments.discard, wait);
    if (!archive.empty()) {
      fields["archive"] = json_text(archive.string());
      text += fmt::format("; what it had brought is in {}", printable(archive.string()));
    }
  } catch (const Error& error) {
    throw Error(error.kind(),
                fmt::format("{}, but what it had brought could not be archived: {}", text, error.message()),
                fmt::format("it is kept; archive it with `wobackup restore --finish {}`, or add --discard", site));
  }
  return done(text, fields, output);
}

// What came of it says the journal: an interrupted undo ends in the undo, whichever of the two was asked for.
int settle(const RestoreArguments& arguments, Service& service, Output& output) {
  const std::string& site = arguments.what;
  const std::optional<PendingRestore> before = service.pending_restore(site);
  const LockWait wait = wait_of(arguments, output);
  arguments.resume ? service.resume_restore(site, wait) : service.abort_restore(site, wait);
  const std::optional<PendingRestore> after = service.pending_restore(site);
  const char* state = "aborted";
  const char* text = "everything is as it was before the restore";
  if (after && after->undone) {
    state = "undone";
    text = "the undo is done: everything is as it was before the restore; what that had brought is kept for --finish";
  } else if (after) {
    state = "done";
    text = "the restore is done";
  } else if (before && before->phase == "removing") {
    state = "removed";
    text = "what was left of the restore is removed; the site is as it was before this command";
  }
  return done(fmt::format("{}: {}", printable(site), text), {{"site", json_text(site)}, {"state", state}}, output);
}

}  // namespace

int restore_in_place_command(const RestoreArguments& arguments, Service& service, Output& output) {
  check(arguments);
  if (arguments.in_place) return restore_now(arguments, service, output);
  const std::string& site = arguments.what;
  const Json fields{{"site", json_text(site)}};
  if (arguments.undo) return undo(arguments, service, output);
  if (arguments.resume || arguments.abort) return settle(arguments, service, output);
  const std::filesystem::path archive =
      service.finish_restore(service.site(site), arguments.discard, wait_of(arguments, output));
  if (arguments.discard) return done(fmt::format("{}: what was displaced is removed", printable(site)), fields, output);
  if (archive.empty()) return done(fmt::format("{}: nothing was displaced", printable(site)), fields, output);
  return done(fmt::format("{}: what was displaced is in {}", printable(site), printable(archive.string())),
              {{"site", json_text(site)}, {"archive", json_text(archive.string())}}, output);
}

namespace {

// By how far it had come: what can be done about it.
std::string text_of(const PendingRestore& pending) {
  const std::string& site = pending.site;
  const std::string restore = fmt::format("{}: a restore that began {}", site, pending.started);
  if (pending.running) return restore + " is running";
  if (pending.phase == "staging") {
    return fmt::format(
        "{} was interrupted before anything was replaced: `wobackup restore --abort {}` removes what it has left",
        restore, site);
  }
  if (pending.phase == "undoing") {
    return fmt::format(
        "{}: the undo of the restore that began {} was interrupted: finish it with `wobackup restore --resume {}` "
        "(--abort does the same)",
        site, pending.started, site);
  }
  if (pending.phase == "removing") {
    return fmt::format(
        "{} has ended, and was interrupted while what it had left was removed: finish that with `wobackup restore "
        "--resume {}`",
        restore, site);
  }
  return fmt::format("{} was interrupted: finish it with `wobackup restore --resume {}`, or take it back with --abort",
                     restore, site);
}

void tell_of(const PendingRestore& pending, Output& output) {
  // With --json, too: it matters to a program that goes on to change the site.
  output.log(LogLevel::warning, text_of(pending));
}

std::string_view state_of(const PendingRestore& pending) {
  if (pending.running) return "running";
  if (pending.interrupted) return "interrupted";
  return pending.undone ? "undone" : "done";
}

void tell_pending_restore(const std::string& site, const Service& service, Output& output) {
  const std::optional<PendingRestore> pending = service.pending_restore(site);
  if (!pending) return;
  if (pending->interrupted || pending->running) {
    tell_of(*pending, output);
  } else if (pending->undone) {
    output.log(LogLevel::info,
               fmt::format("{}: what the restore of {} had brought is kept for `wobackup restore --finish`",
                           pending->site, pending->started));
  } else {
    output.log(LogLevel::info, fmt::format("{}: what the restore of {} displaced is kept for `wobackup restore --undo`",
                                           pending->site, pending->started));
  }
}

}  // namespace

int restore_status_command(const Service& service, Output& output) {
  const std::filesystem::path& state = service.config().state_dir;
  for (const std::filesystem::path& folder : {state, state / "restores"}) {
    if (::access(folder.c_str(), R_OK | X_OK) == 0 || errno == ENOENT) continue;
    throw Error(ErrorKind::failed, fmt::format("cannot look into {}", printable(folder.string())),
                "only root can see what restores have left");
  }
  const std::vector<PendingRestore> all = service.pending_restores();
  std::size_t interrupted = 0;
  for (const PendingRestore& pending : all) {
    if (pending.interrupted) ++interrupted;
    if (output.json()) {
      output.object("pending", {{"site", pending.site},
                                {"archive", json_text(pending.archive)},
                                {"started", pending.started},
                                {"problem", json_text(pending.problem)},
                                {"state", state_of(pending)},
                                {"phase", pending.phase}});
    } else if (!pending.problem.empty()) {
      output.warning(printable(pending.problem));
    } else if (pending.running) {
      output.line(text_of(pending));
    } else if (!pending.interrupted) {
      output.line(fmt::format("{}: restored {}{}: what was displaced is kept for{} --finish", pending.site,
                              pending.started, pending.undone ? " and undone" : "",
                              pending.undone ? "" : " --undo or"));
    } else {
      tell_of(pending, output);
    }
  }
  const std::vector<PendingGuard> guards = service.pending_guards();
  const std::size_t killed = tell_pending_guards(guards, output);
  const int exit = interrupted + killed == 0 ? 0 : exit_code(ErrorKind::failed);
  if (output.json()) {
    output.object("summary", {{"pending", all.size()},
                              {"interrupted", interrupted},
                              {"guards", guards.size()},
                              {"guards_killed", killed},
                              {"exit_code", exit}});
  } else if (all.empty() && guards.empty()) {
    output.line("no restore in place has left anything");
  }
  return exit;
}

void tell_interrupted(const std::string& site, const Service& service, Output& output) {
  try {
    const std::optional<PendingRestore> pending = service.pending_restore(site);
    if (pending && (pending->interrupted || pending->running)) tell_of(*pending, output);
  } catch (const Error& error) {
    output.warning(error.message());
  }
}

void tell_pending(const std::string& site, const Service& service, Output& output) {
  std::optional<PendingGuard> guard;
  try {
    guard = service.pending_guard(site);
  } catch (const Error& error) {
    output.warning(error.message());
  }
  if (guard && guard->running) guard.reset();
  if (guard) output.log(LogLevel::warning, text_of(*guard));
  const std::optional<PendingRestore> restore = service.pending_restore(site);
  // The guard's own is finished with it.
  if (guard && restore && restore->interrupted && restore->archive == guard->archive.string()) return;
  tell_pending_restore(site, service, output);
}

}  // namespace wobackup::cli
