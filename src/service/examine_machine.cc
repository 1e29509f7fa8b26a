#include "service/examine_machine.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "database/connection.h"
#include "database/site_login.h"
#include "site/database_login.h"
#include "snapshot/backup_target.h"
#include "source/database/dump_program.h"
#include "wordpress/php_run.h"

namespace wobackup {
namespace {

constexpr std::size_t kNamedSites = 5;
constexpr std::chrono::hours kOldBackup{48};
constexpr mode_t kOthersMayWrite = 022;

// "a.example, b.example and 3 more"
std::string named(const std::vector<std::string>& sites) {
  std::string text;
  for (std::size_t i = 0; i < std::min(sites.size(), kNamedSites); ++i) text += (i == 0 ? "" : ", ") + sites[i];
  if (sites.size() > kNamedSites) text += fmt::format(" and {} more", sites.size() - kNamedSites);
  return text;
}

bool only_ours_may_write(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return true;  // not made yet
  const bool ours = status.st_uid == 0 || status.st_uid == ::geteuid();
  const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  return S_ISLNK(status.st_mode) ? ours : ours && (sticky || (status.st_mode & kOthersMayWrite) == 0);
}

// The whole way down: whoever may write to one of the folders may exchange what is below.
bool is_safe_place(const std::filesystem::path& folder) {
  for (std::filesystem::path path = folder; path != path.root_path() && !path.empty(); path = path.parent_path()) {
    if (!only_ours_may_write(path)) return false;
  }
  return true;
}

class MachineExamination {
 public:
  MachineExamination(const Service& service, const std::function<bool()>& cancelled)
      : service_(service), config_(service.config()), cancelled_(cancelled) {}

  Examined run() {
    settings();
    state();
    if (registry()) {
      programs();
      databases();
      places();
      backups();
    }
    interrupted();
    boot_unit();
    return std::move(examined_);
  }

 private:
  void add(Health health, std::string what, const std::string& finding, std::string hint = {}) {
    examined_.checks.push_back({health, std::move(what), printable(finding), std::move(hint)});
  }
  void check_cancelled() const {
    if (cancelled_ && cancelled_()) throw Error(ErrorKind::interrupted, "interrupted");
  }

  void settings() {
    if (!config_.file) return add(Health::good, "settings", "no config file: WordOps' defaults");
    const std::string file = config_.file->string();
    if (is_safe_place(*config_.file)) return add(Health::good, "settings", file);
    add(Health::bad, "settings", fmt::format("others than root may change {}", file),
        fmt::format("it names programs that root runs: chown root {0} && chmod go-w {0}", printable(file)));
  }

  void state() {
    const std::string folder = config_.state_dir.string();
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) {
      if (errno != ENOENT) {
        return add(Health::note, "state", fmt::format("{} cannot be looked at", folder), "run it as root");
      }
      return add(Health::good, "state", fmt::format("{} is made by the first backup", folder));
    }
    if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
      return add(::geteuid() == 0 ? Health::bad : Health::note, "state", fmt::format("{} cannot be used", folder),
                 ::geteuid() == 0 ? "is the disk mounted read-only?" : "run it as root");
    }
    if ((status.st_mode & 077) != 0 || !is_safe_place(config_.state_dir)) {
      return add(Health::bad, "state", fmt::format("others than root may look into {} or change it", folder),
                 fmt::format("chown root {0} && chmod 700 {0}", printable(folder)));
    }
    add(Health::good, "state", folder);
  }

  bool registry() {
    std::vector<std::string> left_out;
    try {
      for (Site& site : service_.sites(&left_out)) {
        if (site.has_content()) sites_.push_back(std::move(site));
      }
    } catch (const Error& error) {
      add(Health::bad, "sites", error.message(), error.hint());
      return false;
    }
    for (const std::string& text : left_out) add(Health::warning, "sites", text, "it is not backed up by --all");
    add(sites_.empty() ? Health::warning : Health::good, "sites",
        sites_.size() == 1 ? "1 site with content" : fmt::format("{} sites with content", sites_.size()));
    return true;
  }

  // As a backup, a drill and a check look for them.
  void programs() {
    const bool dumps = std::any_of(sites_.begin(), sites_.end(), [](const Site& s) { return s.expects_database(); });
    if (!dumps) return;
    try {
      const DumpProgram dump = find_dump_program(config_.database.dump_program);
      add(Health::good, "dump", fmt::format("{}: {}", dump.path, dump.version));
    } catch (const Error& error) {
      add(Health::bad, "dump", error.message(), error.hint());
    }
    std::set<std::optional<std::string>> versions;
    for (const Site& site : sites_) {
      if (site.expects_database()) versions.insert(site.record.php_version);
    }
    for (const std::optional<std::string>& version : versions) php(version);
  }

  void php(const std::optional<std::string>& version) {
    try {
      const PhpProgram php = find_php(config_.server.php, version);
      if (php.remark.empty()) return add(Health::good, "php", php.path.string());
      add(Health::note, "php", php.remark, fmt::format("apt install php{}-cli", version.value_or("")));
    } catch (const Error& error) {
      add(Health::warning, "php", fmt::format("no WordPress can be tried after a restore: {}", error.message()),
          error.hint().empty() ? "set server.php" : error.hint());
    }
  }

  // By the sites' own logins, as a backup begins.
  void databases() {
    std::size_t fine = 0;
    for (const Site& site : sites_) {
      check_cancelled();
      try {
        const SiteDatabase database = resolve_database(site, config_.for_site(site.name), true);
        if (!database.login) continue;
        const Cancellation never;
        static_cast<void>(DatabaseConnection(own_login(*database.login), database.login->name, never));
        ++fine;
      } catch (const Error& error) {
        add(Health::bad, "database", fmt::format("{}: {}", site.name, error.message()), error.hint());
      }
    }
    if (fine > 0)
      add(Health::good, "database", fmt::format("{} can be opened", fine == 1 ? "1" : fmt::format("{}", fine)));
  }

  void places() {
    std::vector<std::string> unsafe;
    std::map<dev_t, std::filesystem::path> disks;
    for (const Site& site : sites_) {
      const std::filesystem::path root = backup_root_of(site, config_, std::nullopt);
      if (!is_safe_place(root / site.name)) unsafe.push_back(site.name);
      std::filesystem::path there = root;
      struct stat status {};
      while (::stat(there.c_str(), &status) != 0 && there != there.root_path()) there = there.parent_path();
      disks.emplace(status.st_dev, there);
    }
    if (!unsafe.empty()) {
      add(Health::warning, "place",
          fmt::format("backups of {} lie where the site's user may write: a hacked site can remove them",
                      named(unsafe)),
          "set backup_root to a folder of root's, e.g. /var/backups/wobackup, or copy them elsewhere");
    } else if (!sites_.empty()) {
      add(Health::good, "place", "only root may write where backups lie");
    }
    for (const auto& [device, path] : disks) room(path);
  }

  void room(const std::filesystem::path& path) {
    try {
      const UniqueFd folder = open_trusted_directory(path, false);
      const Space space = space_of(folder.get(), path);
      const std::uint64_t min_free = min_free_in(space, config_.min_free_bytes);
      const bool full = space.free_bytes < min_free;
      add(full ? Health::bad : Health::good, "space",
          fmt::format("{}: {} are free, {} shall stay free", path.string(), human_size(space.free_bytes),
                      human_size(min_free)),
          full ? "remove old backups, or set backup_root to a larger disk" : "");
    } catch (const Error& error) {
      add(Health::warning, "space", error.message(), error.hint());
    }
  }

  // Here or, as far as was recorded, in a store.
  [[nodiscard]] std::optional<SnapshotRef> newest_of(const Site& site) const {
    std::optional<SnapshotRef> newest;
    for (SnapshotRef& ref : service_.list(site.name)) {
      if (!ref.good()) continue;
      newest = std::move(ref);
      break;
    }
    std::optional<SnapshotRef> elsewhere = service_.last_recorded_in_stores(site.name);
    if (elsewhere && (!newest || elsewhere->time > newest->time)) return elsewhere;
    return newest;
  }

  void backups() {
    std::vector<std::string> none, old, unverified;
    const auto now = std::chrono::system_clock::now();
    for (const Site& site : sites_) {
      check_cancelled();
      try {
        const std::optional<SnapshotRef> newest = newest_of(site);
        if (!newest) {
          none.push_back(site.name);
          continue;
        }
        if (now - newest->time > kOldBackup) old.push_back(site.name);
        if (!newest->verified || !newest->verified->ok) unverified.push_back(site.name);
      } catch (const Error& error) {
        add(Health::warning, "backups", fmt::format("{}: {}", site.name, error.message()), error.hint());
      }
    }
    if (!none.empty()) {
      add(Health::warning, "backups", "no complete backup: " + named(none), "wobackup create --all");
    }
    if (!old.empty()) {
      add(Health::warning, "backups", "older than two days: " + named(old), "wobackup create --all, every night");
    }
    if (!unverified.empty()) {
      add(Health::note, "verified", "the newest backup was not verified: " + named(unverified),
          "wobackup verify --all --sample 10%, every night; --level drill once in a while");
    }
    if (none.empty() && old.empty() && !sites_.empty()) {
      add(Health::good, "backups", "every site has one that is newer than two days");
    }
  }

  void interrupted() {
    std::size_t found = 0;
    try {
      for (const PendingRestore& pending : service_.pending_restores()) {
        if (!pending.interrupted) continue;
        ++found;
        add(Health::bad, "restore", fmt::format("{}: a restore in place was interrupted", pending.site),
            fmt::format("wobackup restore --resume {0}, or --abort {0}", printable(pending.site)));
      }
      for (const PendingGuard& pending : service_.pending_guards()) {
        if (pending.running) continue;
        ++found;
        add(Health::bad, "guard", fmt::format("{}: a guard was killed", pending.site),
            fmt::format("wobackup guard --resume {0}, or --abort {0}", printable(pending.site)));
      }
    } catch (const Error& error) {
      return add(Health::note, "pending", error.message(), error.hint());
    }
    if (found == 0) add(Health::good, "pending", "nothing was interrupted");
  }

  void boot_unit() {
    if (::access("/run/systemd/system", F_OK) != 0) return;
    constexpr const char* kUnit = "wobackup-pending.service";
    for (const char* folder :
         {"/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}) {
      const std::filesystem::path wants = std::filesystem::path(folder) / "multi-user.target.wants" / kUnit;
      if (::access(wants.c_str(), F_OK) == 0) return add(Health::good, "boot", fmt::format("{} is enabled", kUnit));
    }
    add(Health::warning, "boot", "a restore that a crash interrupts is not told at boot",
        fmt::format("systemctl enable {}", kUnit));
  }

  const Service& service_;
  const Config& config_;
  const std::function<bool()>& cancelled_;
  std::vector<Site> sites_;
  Examined examined_;
};

}  // namespace

Examined examine_machine(const Service& service, const std::function<bool()>& cancelled) {
  return MachineExamination(service, cancelled).run();
}

}  // namespace wobackup
