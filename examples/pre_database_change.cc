// Changes a site's database behind a backup of the database: its files are not read, so it is a matter of seconds.
//   pre_database_change [--config FILE] SITE -- COMMAND ARG...
// for example
//   pre_database_change shop.example -- mariadb shop --execute="ALTER TABLE orders ADD COLUMN note TEXT"
#include "change.h"
#include "command_line.h"

namespace {

int change_database(wobackup::Service& service, const example::Arguments& arguments) {
  const wobackup::Site site = service.site(arguments.words[0]);

  wobackup::GuardOptions options;
  options.type = wobackup::BackupType::database;
  options.reason = "pre-db-update";
  options.metadata_extra = {{"operation", "database_update"}};
  if (const auto name = service.database_name(site)) options.metadata_extra["db_name"] = *name;
  return example::change_behind_a_guard(service, site, options, arguments.command);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, "pre_database_change [--config FILE] SITE -- COMMAND ARG...", change_database);
}
