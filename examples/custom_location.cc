// Backs up to another place than the site's folder, such as a second disk, and lists what lies there.
//   custom_location [--config FILE] SITE ROOT
#include "command_line.h"

namespace {

int back_up(wobackup::Service& service, const example::Arguments& arguments) {
  using wobackup::ErrorKind;
  if (arguments.words.size() != 2) throw wobackup::Error(ErrorKind::usage, "a site and a folder are needed");
  const wobackup::Site site = service.site(arguments.words[0]);
  const std::filesystem::path root = std::filesystem::absolute(arguments.words[1]);

  wobackup::CreateOptions options;
  options.backup_root = root;  // archives go to ROOT/SITE/
  options.reason = "scheduled-backup";
  const wobackup::Created created = service.create(site, options);
  if (!created.complete) return wobackup::exit_code(ErrorKind::incomplete);

  // What was written to another disk is worth a second look: all of it is read back, and every sum compared.
  const wobackup::Verified verified = service.verify(created.archive, {});
  if (!verified.ok) return wobackup::exit_code(ErrorKind::verification);

  for (const wobackup::SnapshotRef& ref : service.list(site.name, root)) {  // newest first
    if (ref.good()) std::printf("%s\n", ref.archive.c_str());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, "custom_location [--config FILE] SITE ROOT", back_up);
}
