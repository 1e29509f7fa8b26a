#include "recovery/drill.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "database/site_login.h"
#include "inspect/difference.h"
#include "recovery/archived_dump.h"
#include "recovery/in_place_plan.h"
#include "recovery/scratch.h"
#include "site/catalog.h"
#include "snapshot/restore.h"
#include "snapshot/run_monitor.h"
#include "snapshot/state_folder.h"
#include "target/database/dump_loader.h"
#include "target/database/shadow_database.h"
#include "wordpress/site_user.h"
#include "wordpress/wordpress_probe.h"

namespace wobackup {
namespace {

class Drill {
 public:
  Drill(const std::filesystem::path& archive, const VerifyOptions& options, const DrillEnvironment& environment,
        Verified& verified)
      : archive_(archive),
        options_(options),
        environment_(environment),
        verified_(verified),
        scratch_(environment.config),
        opened_(archive, environment.config.keys, environment.stored),
        site_(site_of_archive(opened_.reader())),
        monitor_(
            archive.filename().string(), [this](Progress& progress) { sample(progress); }, cancellation_,
            options.cancelled, options.on_progress) {}

  DrillReport run() {
    const auto begun = now();
    restore_files();
    const std::optional<std::string> dump = own_dump_of(opened_.reader());
    if (dump && dump->ends_with(".sql")) load_database();
    cancellation_.check();
    if (!failed_) start_wordpress();
    monitor_.finish();
    report_.total = since(begun);
    shadow_.reset();
    scratch_.remove();
    if (failed_ || report_.complete) verified_.level = VerifyLevel::drill;
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::chrono::steady_clock::time_point now() const { return environment_.clock.monotonic(); }
  [[nodiscard]] std::chrono::milliseconds since(std::chrono::steady_clock::time_point begun) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now() - begun);
  }
  void sample(Progress& progress) const {
    progress.bytes_done = loaded_bytes_;
    progress.bytes_total = total_bytes_;
  }

  void problem(std::string what) {
    failed_ = true;
    ++verified_.problem_count;
    verified_.problems.push_back({std::nullopt, {}, std::move(what)});
  }

  // A problem of the backup is one; that nobody could try is another thing.
  template <class Action>
  void tried(const char* what, const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      // A server that goes away says nothing about the backup.
      if (error.kind() == ErrorKind::dump) throw Error(ErrorKind::failed, error.in(what).message(), error.hint());
      if (error.kind() != ErrorKind::verification && error.kind() != ErrorKind::failed) throw;
      problem(fmt::format("{}: {}", what, error.message()));
    }
  }

  void restore_files() {
    const auto begun = now();
    RestoreOptions options;
    options.target = scratch_.path();
    options.database = false;
    options.on_progress = options_.on_progress;
    options.cancelled = options_.cancelled;
    tried("restoring the files", [&] {
      const Restored restored =
          restore_into([this] { return UniqueFd(::fcntl(scratch_.fd(), F_DUPFD_CLOEXEC, 0)); }, archive_, options,
                       {environment_.config, environment_.log, environment_.stored});
      report_.files = restored.files;
      report_.bytes = restored.bytes;
      for (const PathNote& note : restored.missing) problem(printable(note.path) + ": " + note.what);
    });
    report_.files_time = since(begun);
  }

  // Any server will do, since it gets a database of our own: the admin's, else the site's.
  std::optional<SiteServerLogin> find_server() {
    const Config& config = environment_.config;
    if (config.database.admin) {
      if (std::optional<ServerLogin> admin = admin_login(config.database.defaults_file)) {
        return SiteServerLogin{*std::move(admin), true};
      }
    }
    try {
      const Site site = site_by_name(site_, config, {});
      const SiteDatabase database = resolve_database(site, config.for_site(site.name), true);
      if (database.login) {
        own_database_ = database.login->name;
        return SiteServerLogin{own_login(*database.login), false};
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
    }
    return std::nullopt;
  }

  void untried(const std::string& why) {
    report_.complete = false;
    report_.notes.push_back("the database was not tried: " + why);
  }

  void load_database() {
    const std::optional<SiteServerLogin> server = find_server();
    if (!server) return untried("there is no login to a database server; set database.defaults_file");
    const std::string name = scratch_.add_database(server->login, server->is_admin, own_database_);
    try {
      shadow_ = std::make_unique<ShadowDatabase>(server->login,
                                                 ShadowRequest{.name = name,
                                                               .like_database = {},
                                                               .collation = "utf8mb4_general_ci",
                                                               .with_user = server->is_admin,
                                                               .of_dump = dumped_collation(opened_.reader())},
                                                 cancellation_);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      scratch_.forget_database();  // a failed attempt leaves nothing
      return untried(error.message());
    }
    const auto begun = now();
    monitor_.enter_phase("database");
    tried("loading the database", [&] {
      const ArchivedDump dump(
          opened_.reader(), [this] { return spool_in(environment_.config.state_dir); }, cancellation_);
      LoadOptions options;
      options.skip_binary_log = true;
      options.leave_foreign_views = true;
      options.on_progress = [this](std::uint64_t done, std::uint64_t total) {
        loaded_bytes_ = done;
        total_bytes_ = total;
      };
      const LoadResult loaded =
          load_dump(dump.data(), dump.layout(), {.database = name, .login = shadow_->login(), .program_login = {}},
                    options, cancellation_);
      for (const ForeignView& view : loaded.foreign_views) {
        report_.notes.push_back(
            fmt::format("the view {} was not tried: it uses another database", printable(view.name)));
      }
      report_.tables = loaded.rows.size();
      for (const auto& [table, rows] : loaded.rows) report_.rows += rows;
    });
    report_.database_time = since(begun);
  }

  // The live site's user, who may run whatever the site holds. The archive's owners are what its maker wrote.
  [[nodiscard]] SiteUser own_user(int htdocs_fd) const {
    if (::geteuid() != 0) return {::geteuid(), ::getegid()};
    const Site site = site_by_name(site_, environment_.config, {});
    const UniqueFd folder(::open(site.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const UniqueFd live(::open(htdocs_of(site).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || !live) {
      throw Error(ErrorKind::failed, "the live site has no htdocs, whose owner would tell as whom it may run");
    }
    const SiteUser user = site_user(live.get(), folder.get(), site_);
    struct stat status {};
    if (::fstat(htdocs_fd, &status) != 0 || status.st_uid != user.uid) {
      throw Error(ErrorKind::failed,
                  fmt::format("its htdocs belongs to user {}, the live site's to user {}", status.st_uid, user.uid));
    }
    return user;
  }

  void start_wordpress() {
    const UniqueFd htdocs(::openat(scratch_.fd(), "htdocs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!htdocs || ::fstatat(htdocs.get(), "wp-load.php", &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    const auto not_tried = [this](const std::string& why) {
      report_.notes.push_back("WordPress was not tried: " + why);
    };
    if (!shadow_) return not_tried("its database is not there");
    monitor_.enter_phase("wordpress");
    const auto begun = now();
    WordPressRun run;
    try {
      run.user = own_user(htdocs.get());
      run.php = find_php(environment_.config.server.php, php_version());
    } catch (const Error& error) {
      return not_tried(error.message());
    }
    run.start.htdocs = scratch_.path() / "htdocs";
    run.start.host = site_;
    run.start.database = own_database();
    run.limits.isolated = true;
    // Its user must pass; nobody can list it.
    if (::fchmod(scratch_.fd(), 0711) != 0) return not_tried("its folder cannot be opened up");
    try {
      const WordPressFacts facts = probe_wordpress(run, cancellation_);
      report_.wordpress = facts.version;
      report_.siteurl = facts.siteurl;
      if (facts.latest_post) report_.latest_post = facts.latest_post->title;
      for (const std::string& notice : facts.notices) report_.notes.push_back(notice);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      if (error.kind() != ErrorKind::verification) return not_tried(error.message());
      problem("WordPress does not run from it: " + error.message());
    }
    report_.wordpress_time = since(begun);
  }

  [[nodiscard]] std::optional<std::string> php_version() const {
    const Json& vhost = opened_.reader().vhost();
    const auto found = vhost.is_object() ? vhost.find("php_version") : vhost.end();
    if (!vhost.is_object() || found == vhost.end() || !found->is_string()) return std::nullopt;
    return is_php_version(found->get<std::string>()) ? std::optional(found->get<std::string>()) : std::nullopt;
  }

  // Without a network only a socket can be reached.
  [[nodiscard]] DatabaseLogin own_database() const {
    const ServerLogin& login = shadow_->login();
    DatabaseLogin database{shadow_->name(), login.user, login.password, login.host};
    if (database.host.socket.empty() && database.host.is_local()) database.host = DatabaseHost{};
    return database;
  }

  const std::filesystem::path& archive_;
  const VerifyOptions& options_;
  const DrillEnvironment& environment_;
  Verified& verified_;
  Cancellation cancellation_;
  std::atomic<std::uint64_t> loaded_bytes_{0}, total_bytes_{0};
  Scratch scratch_;
  std::string own_database_;  // if its own login makes the scratch database
  OpenArchive opened_;
  std::string site_;
  std::unique_ptr<ShadowDatabase> shadow_;  // goes before the scratch does
  bool failed_ = false;
  DrillReport report_;
  RunMonitor monitor_;  // last: its thread looks at the others
};

}  // namespace

void drill(const std::filesystem::path& archive, const VerifyOptions& options, const DrillEnvironment& environment,
           Verified& verified) {
  const StateFolder state(environment.config.state_dir);
  verified.drill = Drill(archive, options, environment, verified).run();
  verified.ok = verified.problem_count == 0;
}

}  // namespace wobackup
