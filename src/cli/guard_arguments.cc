#include "cli/guard_arguments.h"

namespace wobackup::cli {
namespace {

void add_common(CLI::App& app, GuardArguments& guard) {
  app.add_option("SITE", guard.site, "The site; behind -- comes the command")->type_name("");
  app.add_option("--meta", guard.meta, "Metadata KEY=VALUE for vhost.json; repeatable")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--meta-json", guard.meta_json, "Metadata as a JSON object; - reads stdin")->type_name("FILE");
  app.add_option("--check", guard.checks, "What must hold afterwards; repeatable")
      ->type_name("CHECK")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--no-check", guard.no_checks, "Only the command decides");
  app.add_option("--user", guard.user, "Who runs the command (owner of htdocs)")->type_name("NAME");
  app.add_option("--timeout", guard.timeout, "End the command after this time, e.g. 30m")->type_name("TIME");
  app.add_option("--path", guard.path, "Where archives go: ROOT/<site>/")->type_name("ROOT");
  app.add_option("--to", guard.to, "The backup to this store, and others named so")
      ->type_name("STORE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--wait", guard.wait, "Wait for another run on the site, e.g. 10m")->type_name("TIME");
  app.add_option("--site-json", guard.site_json, "A site described by JSON; - reads stdin")->type_name("FILE");
  app.add_flag("--shared", guard.shared, "Also a database that other sites use");
  app.add_flag("--live-load", guard.live_load, "Back into the live database if need be");
}

}  // namespace

void add_guard(CLI::App& app, GuardArguments& guard) {
  add_common(app, guard);
  app.add_option("--type", guard.type, "What to back up: full (default), db, files")->type_name("T");
  app.add_option("--reason", guard.reason, "Why (default: pre-change)")->type_name("TEXT");
  app.add_flag("--resume", guard.resume, "SITE: keep a killed guard's change if it is well");
  app.add_flag("--abort", guard.abort, "SITE: take a killed guard's change back");
  app.add_flag("--status", guard.status, "Guards that run or were killed");
}

void add_update(CLI::App& app, GuardArguments& guard) {
  add_common(app, guard);
  app.add_flag("--db", guard.database_only, "Before a change to the database");
  app.add_flag("--files", guard.files_only, "Before a change to the files");
}

}  // namespace wobackup::cli
