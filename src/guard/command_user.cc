#include "guard/command_user.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <vector>

#include "base/safe_path.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "recovery/live_htdocs.h"
#include "wobackup/error.h"
#include "wordpress/site_user.h"

namespace wobackup {
namespace {

constexpr std::size_t kEntryBytes = 65536;
constexpr std::size_t kMostGroups = 1024;

// What the system knows of a user.
struct Account {
  std::string name, home, shell;
  unsigned uid = 0, gid = 0;
};

template <class Find>
std::optional<Account> account_by(const Find& find) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(kEntryBytes);
  if (find(&entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return Account{entry.pw_name, entry.pw_dir, entry.pw_shell, entry.pw_uid, entry.pw_gid};
}

std::optional<Account> account_of(unsigned uid) {
  return account_by([uid](auto... rest) { return ::getpwuid_r(uid, rest...); });
}

std::optional<Account> account_named(const std::string& name) {
  if (auto account = account_by([&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); })) return account;
  unsigned uid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), uid);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  if (auto account = account_of(uid)) return account;
  return Account{name, "/", "/bin/sh", uid, uid};
}

std::vector<unsigned> groups_of(const Account& account) {
  int count = kMostGroups;
  std::vector<unsigned> groups(kMostGroups);
  if (::getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) < 0) count = 0;
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

Account owner_of_htdocs(const Site& site) {
  const UniqueFd folder = open_trusted_directory(site.path, false);
  const UniqueFd htdocs = open_htdocs(folder.get());
  if (!htdocs) {
    throw Error(ErrorKind::usage, fmt::format("{} has no htdocs, whose owner would run the command", site.name),
                "say who shall run it: --user NAME");
  }
  try {
    const SiteUser user = site_user(htdocs.get(), folder.get(), site.name);
    Account account = account_of(user.uid).value_or(Account{std::to_string(user.uid), "/", "/bin/sh", user.uid, 0});
    account.gid = user.gid;
    return account;
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, error.message(),
                error.hint() + "; or say who shall run the command: --user NAME (also root, if that is meant)");
  }
}

}  // namespace

CommandUser command_user(const Site& site, const std::optional<std::string>& wanted) {
  std::optional<Account> account = wanted ? account_named(*wanted) : owner_of_htdocs(site);
  if (!account) throw Error(ErrorKind::usage, fmt::format("there is no user {}", printable(*wanted)));
  if (::geteuid() != 0 && ::geteuid() != account->uid) {
    throw Error(ErrorKind::usage, fmt::format("only root can run a command as {}", printable(account->name)));
  }
  CommandUser user;
  user.name = printable(account->name);
  user.changes = ::geteuid() != account->uid;
  user.identity = {account->uid, account->gid, groups_of(*account)};
  user.environment = {{"PATH", kDefaultPath},     {"HOME", account->home},   {"USER", account->name},
                      {"LOGNAME", account->name}, {"SHELL", account->shell}, {"LANG", "C.UTF-8"}};
  return user;
}

}  // namespace wobackup
