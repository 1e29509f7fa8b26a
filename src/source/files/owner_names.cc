#include "source/files/owner_names.h"

#include <grp.h>
#include <pwd.h>

#include <vector>

namespace wobackup {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16U;

std::string look_up_user(unsigned uid) {
  std::vector<char> buffer(kBufferBytes);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_name;
}

std::string look_up_group(unsigned gid) {
  std::vector<char> buffer(kBufferBytes);
  group entry{};
  group* found = nullptr;
  if (::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->gr_name;
}

}  // namespace

std::string OwnerNames::user(unsigned uid) {
  const std::scoped_lock lock(mutex_);
  const auto [place, added] = users_.try_emplace(uid);
  if (added) place->second = look_up_user(uid);
  return place->second;
}

std::string OwnerNames::group(unsigned gid) {
  const std::scoped_lock lock(mutex_);
  const auto [place, added] = groups_.try_emplace(gid);
  if (added) place->second = look_up_group(gid);
  return place->second;
}

}  // namespace wobackup
