// wobackup restore --in-place, and the ways back from it
#include <fmt/format.h>

#include <istream>

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
  if (!arguments.in_place) return;
  if (arguments.files_only && arguments.database_only) {
    wrong_usage("--files and --db exclude each other", "leave out both to restore everything");
  }
  if (!arguments.exclude.empty())
    wrong_usage("--exclude does not go with --in-place", "name what is wanted: --include");
  if (arguments.salvage || arguments.dry_run || arguments.numeric_owner) {
    wrong_usage("--salvage, --dry-run and --numeric-owner go with --target");
  }
}

// SITE, SITE/NAME, or an archive's path: then its folder is named like the site.
Site site_of(const std::string& what, const std::filesystem::path& archive, const Service& service) {
  const bool by_path =
      what.starts_with('/') || what.starts_with('.') || what.ends_with(".tar.zst") || what.ends_with(".tar.zst.age");
  const std::string name = by_path ? archive.parent_path().filename().string() : what.substr(0, what.find('/'));
  try {
    return service.site(name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    throw Error(error.kind(), error.message(),
                fmt::format("if the site is gone from the server, make it first: wo site create {}", printable(name)));
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
std::string subject(const RestoreArguments& arguments, const std::string& site) {
  if (!arguments.include.empty()) return fmt::format("{} of {}", counted(arguments.include.size(), "path"), site);
  if (!arguments.tables.empty()) return fmt::format("{} of {}", counted(arguments.tables.size(), "table"), site);
  if (arguments.files_only) return "the files of " + site;
  if (arguments.database_only) return "the database of " + site;
  return "the files and the database of " + site;
}

InPlaceOptions options_of(const RestoreArguments& arguments, Output& output) {
  InPlaceOptions options;
  options.files = !arguments.database_only;
  options.database = !arguments.files_only;
  options.include = arguments.include;
  options.tables = arguments.tables;
  options.accept_changed = arguments.accept_changed;
  options.shared = arguments.shared;
  options.check = !arguments.no_check;
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
  return fmt::format("{}: restored {}, {:.1f} s\nTake it back: wobackup restore --undo {}", site, parts,
                     std::chrono::duration<double>(restored.elapsed).count(), site);
}

int restore_now(const RestoreArguments& arguments, Service& service, Output& output) {
  const std::filesystem::path archive = service.find(arguments.what, path_argument(arguments.path));
  const Site site = site_of(arguments.what, archive, service);
  ask(fmt::format("Replace {} by what is in {}?", subject(arguments, site.name), archive.filename().string()),
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
  ask(fmt::format("Take the last restore of {} back?", site), arguments, output);
  service.undo_restore(site);
  Json fields{{"site", json_text(site)}, {"archive", nullptr}};
  std::string text = fmt::format("{}: everything is as it was before the restore", printable(site));
  try {
    const std::filesystem::path archive = service.finish_restore(service.site(site), arguments.discard);
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

}  // namespace

int restore_in_place_command(const RestoreArguments& arguments, Service& service, Output& output) {
  check(arguments);
  if (arguments.in_place) return restore_now(arguments, service, output);
  const std::string& site = arguments.what;
  const Json fields{{"site", json_text(site)}};
  if (arguments.undo) return undo(arguments, service, output);
  if (arguments.resume) {
    service.resume_restore(site);
    return done(fmt::format("{}: the restore is done", printable(site)), fields, output);
  }
  if (arguments.abort) {
    service.abort_restore(site);
    return done(fmt::format("{}: everything is as it was before the restore", printable(site)), fields, output);
  }
  const std::filesystem::path archive = service.finish_restore(service.site(site), arguments.discard);
  if (arguments.discard) return done(fmt::format("{}: what was displaced is removed", printable(site)), fields, output);
  if (archive.empty()) return done(fmt::format("{}: nothing was displaced", printable(site)), fields, output);
  return done(fmt::format("{}: what was displaced is in {}", printable(site), printable(archive.string())),
              {{"site", json_text(site)}, {"archive", json_text(archive.string())}}, output);
}

int restore_status_command(const Service& service, Output& output) {
  const std::vector<PendingRestore> all = service.pending_restores();
  std::size_t interrupted = 0;
  for (const PendingRestore& pending : all) {
    if (pending.interrupted) ++interrupted;
    if (output.json()) {
      output.object("pending", {{"site", pending.site},
                                {"archive", json_text(pending.archive)},
                                {"started", pending.started},
                                {"problem", json_text(pending.problem)},
                                {"state", pending.interrupted ? "interrupted"
                                          : pending.undone    ? "undone"
                                                              : "done"}});
    } else if (!pending.problem.empty()) {
      output.warning(printable(pending.problem));
    } else if (!pending.interrupted) {
      output.line(fmt::format("{}: restored {}{}: what was displaced is kept for{} --finish", pending.site,
                              pending.started, pending.undone ? " and undone" : "",
                              pending.undone ? "" : " --undo or"));
    } else {
      tell_pending_restore(pending.site, service, output);
    }
  }
  const int exit = interrupted == 0 ? 0 : exit_code(ErrorKind::failed);
  if (output.json()) {
    output.object("summary", {{"pending", all.size()}, {"interrupted", interrupted}, {"exit_code", exit}});
  } else if (all.empty()) {
    output.line("no restore in place has left anything");
  }
  return exit;
}

void tell_pending_restore(const std::string& site, const Service& service, Output& output) {
  const std::optional<PendingRestore> pending = service.pending_restore(site);
  if (!pending) return;
  if (pending->interrupted) {
    output.warning(
        fmt::format("{}: a restore that began {} was interrupted: finish it with `wobackup restore --resume "
                    "{}`, or take it back with --abort",
                    pending->site, pending->started, pending->site));
  } else if (pending->undone) {
    output.log(LogLevel::info,
               fmt::format("{}: what the restore of {} had brought is kept for `wobackup restore --finish`",
                           pending->site, pending->started));
  } else {
    output.log(LogLevel::info, fmt::format("{}: what the restore of {} displaced is kept for `wobackup restore --undo`",
                                           pending->site, pending->started));
  }
}

}  // namespace wobackup::cli
