#include "cli/restore_arguments.h"

#include "cli/from_option.h"

namespace wobackup::cli {

void add_restore(CLI::App& app, RestoreArguments& restore) {
  app.add_option("BACKUP", restore.what, "SITE, SITE/latest, SITE/NAME or a path")->type_name("");
  app.add_option("--target", restore.target, "Folder to restore to; made if missing")->type_name("DIR");
  app.add_flag("--in-place", restore.in_place, "Replace the site's files and database");
  app.add_flag("--yes", restore.yes, "Do not ask");
  app.add_option("--site", restore.site, "In place: into this site, whosever it is")->type_name("NAME");
  app.add_option("--wait", restore.wait, "Wait for another run on the site, e.g. 10m")->type_name("TIME");
  app.add_flag("--accept-changed", restore.accept_changed, "In place: also a backup that was changed");
  app.add_flag("--shared", restore.shared, "In place: also a database that other sites use");
  app.add_flag("--live-load", restore.live_load, "In place: into the live database if need be");
  app.add_flag("--no-check", restore.no_check, "In place: keep it even if the site does not run");
  app.add_option("--table", restore.tables, "In place: only this table; repeatable")
      ->type_name("TABLE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--undo", restore.undo, "SITE: back to before its last restore in place");
  app.add_flag("--finish", restore.finish, "SITE: archive what was displaced, and remove it");
  app.add_flag("--status", restore.status, "What restores have left; fails after a kill");
  app.add_flag("--discard", restore.discard, "With --undo, --finish: archive nothing");
  app.add_flag("--resume", restore.resume, "SITE: an interrupted restore to its end");
  app.add_flag("--abort", restore.abort, "SITE: an interrupted restore back");
  app.add_option("--include", restore.include, "Only this file, folder or glob; repeatable")
      ->type_name("PATH")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--exclude", restore.exclude, "Not this one; repeatable")
      ->type_name("PATH")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--files", restore.files_only, "Only the files");
  app.add_flag("--db", restore.database_only, "Only the database dump");
  app.add_option("--overwrite", restore.overwrite, "What is there: always, if-newer, never")->type_name("WHEN");
  app.add_flag("--numeric-owner", restore.numeric_owner, "Owners by number, not by name");
  app.add_flag("--dry-run", restore.dry_run, "Tell what would be restored");
  app.add_flag("--salvage", restore.salvage, "All that is intact of a damaged or cut archive");
  app.add_option("--path", restore.path, "Where the archives are: ROOT/<site>/")->type_name("ROOT");
  add_from(app, restore.from);
}

void add_verify(CLI::App& app, VerifyArguments& verify) {
  app.add_option("BACKUP", verify.what, "SITE (its latest), SITE/NAME or a path; several")->type_name("");
  app.add_flag("--all", verify.all, "The latest backup of every site");
  app.add_option("--level", verify.level, "quick, data (default) or drill")->type_name("L");
  app.add_option("--sample", verify.sample, "Part of the data, e.g. 10%; others each time")->type_name("PERCENT");
  app.add_option("--path", verify.path, "Where the archives are: ROOT/<site>/")->type_name("ROOT");
  add_from(app, verify.from);
}

}  // namespace wobackup::cli
