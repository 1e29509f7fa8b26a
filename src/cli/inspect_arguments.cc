#include "cli/inspect_arguments.h"

#include "cli/from_option.h"

namespace wobackup::cli {
namespace {
constexpr const char* kBackup = "SITE, SITE/latest, SITE/NAME, a path or URL";
constexpr const char* kPath = "Where the archives are: ROOT/<site>/";
}  // namespace

const char* const kLsFooter = R"(Examples:
  wobackup ls example.com                                  the top of the latest
  wobackup ls example.com/2025-01-20_14-25-30 htdocs/wp-content
  wobackup ls example.com -R '*.php' --json
Times are in UTC.)";

const char* const kFindFooter = R"(Examples:
  wobackup find 'htdocs/wp-content/uploads/2024/05/logo*' example.com
  wobackup find wp-config.php --all
  wobackup find '*.sql' example.com --json
  wobackup find wp-config.php example.com --from offsite
A pattern without / matches a name in any folder.)";

const char* const kDiffFooter = R"(Examples:
  wobackup diff example.com/2025-01-20_14-25-30 example.com/latest
  wobackup diff example.com/2025-01-20_14-25-30 live        against the site now
  wobackup diff example.com live --checksum --exit-code
  wobackup diff example.com/latest live --from offsite      the copy in a store
Exits 0 whether or not something differs; with --exit-code, 1 if it does.)";

const char* const kDumpFooter = R"(Examples:
  wobackup dump example.com htdocs/index.php
  wobackup dump example.com --table wp_options | mariadb example_com
  wobackup dump example.com/2025-01-20_14-25-30 --db | head)";

void add_ls(CLI::App& app, LsArguments& ls) {
  app.add_option("BACKUP", ls.what, kBackup)->type_name("");
  app.add_option("INSIDE", ls.inside, "A folder, file or glob in the backup")->type_name("");
  app.add_flag("-R,--recursive", ls.recursive, "With all that lies below");
  app.add_option("--path", ls.path, kPath)->type_name("ROOT");
  add_from(app, ls.from);
}

void add_find(CLI::App& app, FindArguments& find) {
  app.add_option("PATTERN", find.pattern, "A glob, as for --exclude of create")->type_name("");
  app.add_option("SITE", find.site, "Only in this site's backups")->type_name("");
  app.add_flag("--all", find.all, "In those of all sites (default)");
  app.add_option("--path", find.path, kPath)->type_name("ROOT");
  add_from(app, find.from);
}

void add_diff(CLI::App& app, DiffArguments& diff) {
  app.add_option("BEFORE", diff.before, kBackup)->type_name("");
  app.add_option("AFTER", diff.after, "The same, or live: the site as it is now")->type_name("");
  app.add_flag("--checksum", diff.checksum, "Read files of the same size and time, too");
  app.add_flag("--exit-code", diff.exit_code, "Exit 1 if something differs");
  app.add_option("--path", diff.path, kPath)->type_name("ROOT");
  add_from(app, diff.from);
}

void add_dump(CLI::App& app, DumpArguments& dump) {
  app.add_option("BACKUP", dump.what, kBackup)->type_name("");
  app.add_option("INSIDE", dump.inside, "The file's path in the backup")->type_name("");
  app.add_option("--table", dump.table, "This table's SQL; also a view's or routine's")->type_name("NAME");
  app.add_flag("--db", dump.database, "The whole database dump");
  app.add_flag("-f,--force", dump.force, "Binary content to a terminal, too");
  app.add_option("--path", dump.path, kPath)->type_name("ROOT");
  add_from(app, dump.from);
}

}  // namespace wobackup::cli
