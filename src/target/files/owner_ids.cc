#include "target/files/owner_ids.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <array>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kNameBuffer = 16384;
constexpr std::uint64_t kNobodysId = 0xFFFFFFFFU;  // for chown: leave it

std::int64_t user_number(const std::string& name) {
  std::array<char, kNameBuffer> buffer{};
  passwd record{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &record, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return -1;
  return found->pw_uid;
}

std::int64_t group_number(const std::string& name) {
  std::array<char, kNameBuffer> buffer{};
  group record{};
  group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &record, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return -1;
  return found->gr_gid;
}

std::uint32_t chosen(const Entry& entry, std::int64_t by_name, std::uint64_t by_number) {
  if (by_name >= 0) return static_cast<std::uint32_t>(by_name);
  if (by_number >= kNobodysId) {
    throw Error(ErrorKind::verification, fmt::format("{}: its owner is no user's number", printable(entry.path)));
  }
  return static_cast<std::uint32_t>(by_number);
}

template <class Find>
std::int64_t remembered(std::map<std::string, std::int64_t>& known, const std::string& name, const Find& find) {
  const auto place = known.find(name);
  return place != known.end() ? place->second : known.emplace(name, find(name)).first->second;
}

}  // namespace

uid_t OwnerIds::user(const Entry& entry) {
  if (numeric_ || entry.user.empty()) return chosen(entry, -1, entry.uid);
  const std::scoped_lock lock(mutex_);
  return chosen(entry, remembered(users_, entry.user, user_number), entry.uid);
}

gid_t OwnerIds::group(const Entry& entry) {
  if (numeric_ || entry.group.empty()) return chosen(entry, -1, entry.gid);
  const std::scoped_lock lock(mutex_);
  return chosen(entry, remembered(groups_, entry.group, group_number), entry.gid);
}

}  // namespace wobackup
