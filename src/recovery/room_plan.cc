#include "recovery/room_plan.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {

void RoomPlan::add(int folder_fd, const std::filesystem::path& folder, std::uint64_t bytes) {
  struct stat status {};
  if (::fstat(folder_fd, &status) != 0) throw system_error("cannot look at " + printable(folder.string()), errno);
  const auto same = [&](const Part& part) { return part.file_system == status.st_dev; };
  auto part = std::find_if(parts_.begin(), parts_.end(), same);
  if (part == parts_.end()) part = parts_.insert(part, {status.st_dev, folder, space_of(folder_fd, folder), 0});
  part->bytes += bytes;
}

void RoomPlan::require(const Config& config) const {
  for (const auto& [file_system, folder, space, needed] : parts_) {
    const std::uint64_t min_free = min_free_in(space, config.min_free_bytes);
    if (space.free_bytes >= needed && space.free_bytes - needed >= min_free) continue;
    throw Error(
        ErrorKind::no_space,
        fmt::format("{}: what is restored needs about {} beside what is live, {} are free, and {} shall stay "
                    "free",
                    printable(folder.string()), human_size(needed), human_size(space.free_bytes), human_size(min_free)),
        "free space there, restore a part (--files, --db, --include), or lower min_free in wobackup.toml");
  }
}

}  // namespace wobackup
