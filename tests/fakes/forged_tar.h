// An archive of another program in the place of one that was made here.
#pragma once

#include <filesystem>
#include <string>

#include "fakes/plain_tools.h"
#include "fakes/scratch_folder.h"

namespace wobackup::test {

/// Replaces it by a whole tar of this site's that has no index: one file htdocs/index.php, "forged".
inline void forge(const std::filesystem::path& archive, const std::string& site) {
  const ScratchFolder folder;
  const std::string name = archive.stem().stem().string();
  folder.write(name + "/vhost.json", R"({"sitename": ")" + site + R"(", "backup_type": "full"})");
  folder.write(name + "/htdocs/index.php", "forged");
  run_in(folder.path(), {"tar", "--zstd", "-cf", archive.string(), name});
}

}  // namespace wobackup::test
