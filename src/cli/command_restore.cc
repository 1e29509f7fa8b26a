// wobackup restore
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/wording.h"

namespace wobackup::cli {
namespace {

RestoreOptions options_of(const RestoreArguments& arguments, Output& output) {
  if (arguments.target.empty()) {
    throw Error(ErrorKind::usage, "restore where to?",
                "name a folder: --target DIR, or replace what is live: --in-place");
  }
  if (!arguments.tables.empty()) {
    throw Error(ErrorKind::usage, "--table goes with --in-place", "`wobackup dump --table` gives a table's SQL");
  }
  if (arguments.yes || arguments.discard || arguments.accept_changed || arguments.shared || arguments.no_check) {
    throw Error(ErrorKind::usage, "--yes, --discard, --accept-changed, --shared and --no-check do not go with --target",
                "they are for --in-place and the ways back from it");
  }
  if (arguments.files_only && arguments.database_only) {
    throw Error(ErrorKind::usage, "--files and --db exclude each other", "leave out both to restore everything");
  }
  RestoreOptions options;
  options.target = *path_argument(arguments.target);
  options.include = arguments.include;
  options.exclude = arguments.exclude;
  options.files = !arguments.database_only;
  options.database = !arguments.files_only;
  const std::optional<Overwrite> overwrite = overwrite_from(arguments.overwrite);
  if (!overwrite) {
    throw Error(ErrorKind::usage, fmt::format("--overwrite {} is not known", printable(arguments.overwrite)),
                "always, if-newer or never");
  }
  options.overwrite = *overwrite;
  options.numeric_owner = arguments.numeric_owner;
  options.dry_run = arguments.dry_run;
  options.salvage = arguments.salvage;
  if (output.wants_progress()) options.on_progress = [&output](const Progress& progress) { output.progress(progress); };
  options.cancelled = output.terminal().interrupted;
  return options;
}

Json json_of(const Restored& restored, bool dry_run) {
  Json fields;
  fields["archive"] = json_text(restored.archive.string());
  fields["target"] = json_text(restored.target.string());
  fields["dry_run"] = dry_run;
  fields["complete"] = restored.complete;
  fields["entries"] = restored.entries;
  fields["files"] = restored.files;
  fields["bytes"] = restored.bytes;
  fields["skipped"] = restored.skipped;
  if (!restored.damage.empty()) fields["damage"] = restored.damage;
  fields["missing_count"] = restored.missing_count;
  fields["missing"] = notes_json(restored.missing);
  fields["notes_count"] = restored.notes_count;
  fields["notes"] = notes_json(restored.notes);
  fields["seconds"] = static_cast<double>(restored.elapsed.count()) / 1000;
  return fields;
}

void report(const Restored& restored, bool dry_run, Output& output) {
  constexpr const char* kMore = "--json shows them";
  show_notes(restored.missing, restored.missing_count, "not restored: ", kMore, output);
  show_notes(restored.notes, restored.notes_count, "", kMore, output);
  std::string text =
      fmt::format("{} {}, {}, to {}", dry_run ? "would restore" : "restored", counted(restored.files, "file"),
                  human_size(restored.bytes), printable(restored.target.string()));
  if (restored.skipped > 0) text += fmt::format(", {} kept as they were", grouped(restored.skipped));
  if (!dry_run) text += fmt::format(", {:.1f} s", std::chrono::duration<double>(restored.elapsed).count());
  output.line(text);
}

}  // namespace

int restore_command(const RestoreArguments& arguments, Service& service, Output& output) {
  if (arguments.status) return restore_status_command(service, output);
  if (arguments.in_place || arguments.undo || arguments.resume || arguments.abort || arguments.finish) {
    if (!arguments.from.empty() && !arguments.in_place) {
      throw Error(ErrorKind::usage, "--from goes with --target and --in-place",
                  "the ways back need no store: all that they need is here");
    }
    return restore_in_place_command(arguments, service, output);
  }
  if (arguments.what.empty()) {
    throw Error(ErrorKind::usage, "no backup was named",
                "name one: SITE, SITE/latest, SITE/NAME, or an archive's path");
  }
  const RestoreOptions options = options_of(arguments, output);
  const std::filesystem::path archive =
      find_backup_to_read(arguments.what, arguments.path, arguments.from, service, output);
  const Restored restored = service.restore(archive, options);
  output.clear_progress();
  const int exit = restored.complete ? 0 : exit_code(ErrorKind::incomplete);
  if (!output.json()) report(restored, options.dry_run, output);
  if (!restored.complete) {
    const std::string missing = counted(restored.missing_count, "path") + " did not come back; ";
    output.error(restored.damage.empty() ? Error(ErrorKind::incomplete, missing + "everything else is restored",
                                                 arguments.salvage ? "an older backup may have them" : "")
                                         : Error(ErrorKind::incomplete,
                                                 fmt::format("the archive is damaged: {}; {}what is whole is {}",
                                                             restored.damage, restored.missing_count > 0 ? missing : "",
                                                             options.dry_run ? "told above" : "restored"),
                                                 "an older backup may have the rest"));
  }
  if (output.json()) {
    Json fields = json_of(restored, options.dry_run);
    fields["exit_code"] = exit;
    output.object("summary", fields);
  }
  return exit;
}

}  // namespace wobackup::cli
