// Backs up a site because somebody wants it, and tells what is known of the backup.
//   manual_backup [--config FILE] SITE [full|db|files]
#include "command_line.h"

namespace {

int back_up(wobackup::Service& service, const example::Arguments& arguments) {
  const std::string type = arguments.words.size() > 1 ? arguments.words[1] : "full";
  const std::optional<wobackup::BackupType> wanted = wobackup::backup_type_from(type);
  if (!wanted)
    throw wobackup::Error(wobackup::ErrorKind::usage, type + " is not a type of backup", "full, db or files");

  wobackup::CreateOptions options;
  options.type = *wanted;
  options.reason = "manual-backup";
  const wobackup::Created created = service.create(service.site(arguments.words[0]), options);

  const wobackup::Json info = service.info(created.archive);
  std::printf("%s\n", info.dump(2).c_str());
  return created.complete ? 0 : wobackup::exit_code(wobackup::ErrorKind::incomplete);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, "manual_backup [--config FILE] SITE [full|db|files]", back_up);
}
