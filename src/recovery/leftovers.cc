#include "recovery/leftovers.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <functional>

#include "base/unique_fd.h"
#include "recovery/staging_place.h"

namespace wobackup {
namespace {

UniqueFd folder_at(const std::filesystem::path& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

void for_names(const UniqueFd& folder, const std::string& beginning,
               const std::function<void(const std::string&)>& action) {
  if (!folder) return;
  for (const std::string& name : names_in(folder.get())) {
    if (name.starts_with(beginning)) action(name);
  }
}

}  // namespace

void sweep_restore_leftovers(const std::string& site, const std::filesystem::path& site_path,
                             const std::filesystem::path& state_dir) noexcept {
  try {
    const UniqueFd live = folder_at(site_path);
    for_names(live, kStagePrefix, [&](const std::string& name) { remove_empty_stage(live.get(), name); });
    const UniqueFd journals = folder_at(state_dir / "restores");
    for_names(journals, "." + site + ".json.",
              [&](const std::string& name) { ::unlinkat(journals.get(), name.c_str(), 0); });
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): they are in nobody's way
  }
}

}  // namespace wobackup
