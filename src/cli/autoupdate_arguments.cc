#include "cli/autoupdate_arguments.h"

namespace wobackup::cli {

const char* const kAutoupdateFooter = R"(Examples:
  wobackup autoupdate run --all --dry-run            what is pending
  wobackup autoupdate run example.com                update it all
  wobackup autoupdate run --all --minor-only
  wobackup autoupdate run example.com --one-by-one --exclude woocommerce
  wobackup autoupdate schedule enable --daily --minor-only
  wobackup autoupdate schedule enable --calendar 'Mon 03:00' example.com
  wobackup autoupdate schedule status
  wobackup autoupdate schedule disable
Each site is backed up, updated, checked, and taken back if a check fails
(exit code 22). Reports are kept in /var/log/wobackup.)";

void add_autoupdate(CLI::App& app, AutoupdateArguments& autoupdate) {
  app.add_option("WHAT", autoupdate.words, "run SITE...; schedule enable, disable or status")->type_name("");
  app.add_flag("--all", autoupdate.all, "Every enabled WordPress site");
  app.add_flag("--dry-run", autoupdate.dry_run, "Tell what would be updated");
  app.add_flag("--backup-only", autoupdate.backup_only, "Make the backup only, also for nothing");
  app.add_flag("--one-by-one", autoupdate.one_by_one, "Take back only the update that fails");
  app.add_flag("--minor-only", autoupdate.minor_only, "Nothing that changes the main version");
  app.add_flag("--core", autoupdate.core, "WordPress itself; of --core, --plugins, --themes");
  app.add_flag("--plugins", autoupdate.plugins, "Plugins; none of the three means all");
  app.add_flag("--themes", autoupdate.themes, "Themes");
  app.add_option("--exclude", autoupdate.exclude, "Not this plugin; repeatable")
      ->type_name("PLUGIN")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--no-visual", autoupdate.no_visual, "Without conf/autoupdate-visual-cmd");
  app.add_option("--backup-dir", autoupdate.backup_dir, "Where archives go: ROOT/<site>/")->type_name("ROOT");
  app.add_option("--wait", autoupdate.wait, "Wait for another run on a site, e.g. 10m")->type_name("TIME");
  app.add_flag("--daily", autoupdate.daily, "schedule enable: each night at 3");
  app.add_flag("--hourly", autoupdate.hourly, "schedule enable: every hour");
  app.add_option("--calendar", autoupdate.calendar, "schedule enable: as systemd has it")->type_name("TIME");
}

}  // namespace wobackup::cli
