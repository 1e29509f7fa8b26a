// Changes a site's files behind a backup of the files.
//   pre_file_change [--config FILE] SITE -- COMMAND ARG...
// for example
//   pre_file_change example.com -- unzip -o theme.zip -d /var/www/example.com/htdocs/wp-content/themes
#include "change.h"
#include "command_line.h"

namespace {

int change_files(wobackup::Service& service, const example::Arguments& arguments) {
  wobackup::GuardOptions options;
  options.type = wobackup::BackupType::files;
  options.reason = "pre-file-update";
  options.metadata_extra = {{"operation", "file_update"}};
  return example::change_behind_a_guard(service, service.site(arguments.words[0]), options, arguments.command);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, "pre_file_change [--config FILE] SITE -- COMMAND ARG...", change_files);
}
