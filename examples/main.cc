// A program outside of wobackup's tree that backs up a site before it changes something.
#include <wobackup/wobackup.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: before-change SITE\n";
    return 2;
  }
  try {
    wobackup::Service service{wobackup::Config::load()};
    const wobackup::Site site = service.site(argv[1]);
    const wobackup::Created made = service.create(site, {.type = wobackup::BackupType::full,
                                                         .reason = "before-change",
                                                         .metadata_extra = {{"ticket", 1234}},
                                                         .wait = std::chrono::seconds(60)});
    if (!made.complete) {
      std::cerr << "the backup is incomplete: nothing is changed\n";
      return wobackup::exit_code(wobackup::ErrorKind::incomplete);
    }
    std::cout << made.archive.string() << '\n';
    return 0;
  } catch (const wobackup::Error& error) {
    std::cerr << error.message() << '\n' << error.hint() << '\n';
    return wobackup::exit_code(error.kind());
  }
}
