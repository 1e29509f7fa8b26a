// Changes that are kept, and changes that are taken back.
#include <sys/wait.h>

#include <stdexcept>
#include <thread>

#include "fakes/private_mounts.h"
#include "guard/guarded_site.h"

namespace wobackup {
namespace {

using test::says;

class GuardTest : public test::GuardedSite {};

TEST_F(GuardTest, CommandThatWorks_IsKeptAndItsBackupToo) {
  const GuardResult result = guard("echo changed > htdocs/index.php; echo to stdout; echo to stderr >&2",
                                   {.reason = "pre-test", .metadata_extra = {{"ticket", 7}}});
  EXPECT_FALSE(result.rolled_back);
  EXPECT_EQ(result.command->exit_code, 0);
  EXPECT_EQ(text("htdocs/index.php"), "changed\n");
  EXPECT_EQ(output(), "to stdout\nto stderr\n");
  const std::vector<SnapshotRef> all = backups();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].archive, result.archive);
  EXPECT_EQ(all[0].reason, "pre-test");
  EXPECT_EQ(service().info(result.archive).at("ticket"), 7);
  EXPECT_FALSE(service().pending_guard("example.com"));
}

TEST_F(GuardTest, Command_KnowsItsSiteAndNothingOfOurs) {
  ::setenv("WOBACKUP_TEST_SECRET", "x", 1);
  const GuardResult result = guard("pwd; id -un; umask; env | grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^TERM=\\|OLDPWD' | sort",
                                   {.type = BackupType::files, .reason = "why not"});
  ::unsetenv("WOBACKUP_TEST_SECRET");
  if (!is_root()) GTEST_SKIP() << "as whom it runs is another matter";
  EXPECT_EQ(output(), site().string() +
                          "\nwww-data\n0022\nHOME=/var/www\nLANG=C.UTF-8\nLOGNAME=www-data\n"
                          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                          "SHELL=/usr/sbin/nologin\nUSER=www-data\nWOBACKUP_ARCHIVE=" +
                          result.archive.string() +
                          "\nWOBACKUP_REASON=why not\nWOBACKUP_SITE=example.com\nWOBACKUP_SITE_PATH=" +
                          site().string() + "\nWOBACKUP_TYPE=files\n");
}

TEST_F(GuardTest, CommandThatFails_IsRolledBack) {
  std::string message;
  const GuardResult result =
      failed("rm -rf htdocs/shop; echo x > htdocs/index.php; echo y > htdocs/new.php; echo z > wp-config.php; exit 7",
             {}, message);
  EXPECT_TRUE(says(message, "example.com: the command ended with exit status 7; rolled back to the backup"));
  EXPECT_TRUE(result.rolled_back);
  EXPECT_EQ(result.command->exit_code, 7);
  EXPECT_TRUE(is_as_before());
  EXPECT_FALSE(service().pending_guard("example.com"));
  // What it had made is not lost.
  service().undo_restore("example.com");
  EXPECT_EQ(text("htdocs/new.php"), "y\n");
}

TEST_F(GuardTest, CommandThatIsKilledOrTakesTooLong_IsRolledBack) {
  EXPECT_TRUE(says(failure("echo x > htdocs/index.php; kill -9 $$"), "was killed by signal 9"));
  EXPECT_TRUE(is_as_before());
  GuardCommand command = shell("echo x > htdocs/index.php; exec sleep 1000");
  command.timeout = std::chrono::seconds(1);
  try {
    static_cast<void>(service().guard(the_site(), {}, command));
    FAIL() << "it was kept";
  } catch (const GuardFailed& failed) {
    EXPECT_TRUE(says(failed.message(), "took too long"));
    EXPECT_TRUE(failed.result().command->timed_out);
  }
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardTest, Interrupted_IsRolledBackAndThatIsNotInterrupted) {
  GuardOptions options;
  options.cancelled = [this] { return output().find("begun") != std::string::npos; };
  EXPECT_TRUE(says(failure("echo x > htdocs/index.php; echo begun; exec sleep 1000", options), "was interrupted"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardTest, InterruptedBeforeTheChange_NothingIsChanged) {
  GuardOptions options;
  std::string phase;
  options.on_phase = [&](std::string_view now) { phase = now; };
  options.cancelled = [&] { return phase == "backup"; };
  EXPECT_EQ(refusal(options).kind(), ErrorKind::interrupted);
  EXPECT_TRUE(is_as_before());
  EXPECT_FALSE(service().pending_guard("example.com"));
}

TEST_F(GuardTest, WithoutABackup_NothingIsChanged) {
  config_.min_free_bytes = std::uint64_t{1} << 60U;
  EXPECT_EQ(refusal({}).kind(), ErrorKind::no_space);
  config_.min_free_bytes = 0;
  EXPECT_EQ(refusal({.type = BackupType::database}).kind(), ErrorKind::usage);
  EXPECT_TRUE(is_as_before());
  EXPECT_TRUE(backups().empty());
}

TEST_F(GuardTest, WithoutRoomForAWayBack_NothingIsChanged) {
  // On a disk where nobody else makes room meanwhile.
  test::PrivateMounts mounts;
  if (!mounts.allowed() || !mounts.tmpfs(folder_ / "www")) GTEST_SKIP() << "mounts are not permitted here";
  // The archive of zeros is small; what it becomes again is not.
  write("htdocs/index.php", "");
  write("htdocs/zeros.bin", std::string(std::size_t{32} << 20U, '\0'));
  test::run_in(site(), {"chown", "-R", "33:33", "."});
  before_ = facts();
  const std::uint64_t free_bytes = std::filesystem::space(site()).available;
  config_.min_free_bytes = free_bytes - (std::uint64_t{24} << 20U);
  const Error error = refusal({});
  EXPECT_EQ(error.kind(), ErrorKind::no_space) << error.message();
  EXPECT_TRUE(is_as_before());
  EXPECT_EQ(backups().size(), 1U);
}

TEST_F(GuardTest, IncompleteBackup_NothingIsChanged) {
  constexpr unsigned kNobody = 65534;
  std::filesystem::permissions(site() / "htdocs/shop/cart.php", std::filesystem::perms::none);
  // Root can read everything.
  if (is_root()) test::run_in(folder_.path(), {"chown", "-R", "65534:65534", "."});
  before_ = facts();
  const pid_t child = ::fork();
  if (child == 0) {
    if (is_root() && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(99);
    ::_exit(exit_code(refusal({}).kind()));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), exit_code(ErrorKind::incomplete));
  EXPECT_TRUE(is_as_before());
  EXPECT_FALSE(service().pending_guard("example.com"));
  EXPECT_EQ(backups().size(), 1U);
}

TEST_F(GuardTest, CommandThatCannotBeRun_IsRefusedBeforeTheBackup) {
  GuardCommand command = shell("");
  command.argv = {"no-such-program-anywhere"};
  EXPECT_TRUE(says(refusal({}, command).message(), "program not found"));
  command.argv = {};
  EXPECT_EQ(refusal({}, command).kind(), ErrorKind::usage);
  command = shell("true");
  command.user = "no-such-user";
  EXPECT_TRUE(says(refusal({}, command).message(), "there is no user no-such-user"));
  EXPECT_TRUE(backups().empty());
}

TEST_F(GuardTest, CommandThatCannotBeStarted_LeavesTheSiteAlone) {
  write("htdocs/broken", "no program\n");
  std::filesystem::permissions(site() / "htdocs/broken", std::filesystem::perms(0755));
  before_ = facts();
  GuardCommand command = shell("");
  command.argv = {(site() / "htdocs/broken").string()};
  const Error error = refusal({}, command);
  EXPECT_TRUE(says(error.message(), "nothing was changed"));
  EXPECT_TRUE(is_as_before());
  EXPECT_FALSE(service().pending_guard("example.com"));
  EXPECT_FALSE(service().pending_restore("example.com"));
}

TEST_F(GuardTest, FilesOfRoots_NeedAUserByName) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  test::run_in(site(), {"chown", "-R", "0:0", "."});
  before_ = facts();
  const Error error = refusal({});
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_TRUE(says(error.hint(), "--user"));
  EXPECT_TRUE(backups().empty());
  GuardCommand command = shell("id -un");
  command.user = "root";
  EXPECT_EQ(service().guard(the_site(), {}, command).command->exit_code, 0);
  EXPECT_EQ(output(), "root\n");
}

TEST_F(GuardTest, OtherUser_HasThatUsersGroups) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  GuardCommand command = shell("id -un; id -gn");
  command.user = "nobody";
  EXPECT_EQ(service().guard(the_site(), {}, command).command->exit_code, 0);
  command.user = "65534";
  EXPECT_EQ(service().guard(the_site(), {}, command).command->exit_code, 0);
  EXPECT_EQ(output(), "nobody\nnogroup\nnobody\nnogroup\n");
}

TEST_F(GuardTest, TypeFiles_RollsBackFilesAndNothingElse) {
  // A table restored by hand in the meantime, say: this is what lies beside htdocs and is in no backup.
  write("notes.txt", "before");
  EXPECT_TRUE(says(failure("echo x > htdocs/index.php; exit 1", {.type = BackupType::files}), "exit status 1"));
  EXPECT_EQ(text("htdocs/index.php"), "<?php // first");
  EXPECT_EQ(text("notes.txt"), "before");
}

TEST_F(GuardTest, Callable_IsKeptOrRolledBack) {
  Service guarding = service();
  std::filesystem::path archive;
  const GuardResult kept = guarding.guard(the_site(), {}, [&](const GuardedChange& change) {
    archive = change.backup.archive;
    EXPECT_TRUE(change.backup.complete);
    EXPECT_TRUE(change.check_now().empty());
    EXPECT_EQ(change.run(shell("echo from within > htdocs/new.php; exit 3")).exit_code, 3);
  });
  EXPECT_EQ(kept.archive, archive);
  EXPECT_FALSE(kept.command);
  EXPECT_EQ(text("htdocs/new.php"), "from within\n");
  before_ = facts();
  const auto message_of = [&](const std::function<void(const GuardedChange&)>& change) -> std::string {
    try {
      static_cast<void>(guarding.guard(the_site(), {}, change));
    } catch (const GuardFailed& failed) {
      EXPECT_EQ(failed.kind(), ErrorKind::rolled_back);
      return failed.message();
    }
    return "kept";
  };
  EXPECT_TRUE(says(message_of([&](const GuardedChange&) {
                     write("htdocs/index.php", "x");
                     throw std::runtime_error("its own reason");
                   }),
                   "example.com: its own reason; rolled back"));
  EXPECT_TRUE(is_as_before());
  EXPECT_TRUE(says(message_of([&](const GuardedChange&) {
                     write("htdocs/index.php", "x");
                     throw 7;  // NOLINT
                   }),
                   "the change failed"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardTest, SecondGuard_IsKeptOutAndABackupIsNot) {
  Service guarding = service();
  static_cast<void>(guarding.guard(the_site(), {}, [&](const GuardedChange&) {
    const Error error = refusal({});
    EXPECT_EQ(error.kind(), ErrorKind::locked);
    EXPECT_TRUE(says(error.message(), "guard example.com"));
    const auto pending = service().pending_guard("example.com");
    ASSERT_TRUE(pending);
    EXPECT_TRUE(pending->running);
    EXPECT_EQ(pending->phase, "change");
    EXPECT_TRUE(service().create(the_site()).complete);
  }));
  EXPECT_EQ(backups().size(), 2U);
}

TEST_F(GuardTest, UpdaterThatDied_LeavesNoMaintenancePage) {
  EXPECT_TRUE(says(failure("touch htdocs/wp-load.php; echo '<?php $upgrading = '$(date +%s)';' > htdocs/.maintenance; "
                           "kill -9 $$"),
                   "rolled back"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardTest, RollBackThatFails_IsTriedAgain) {
  std::string message, hint;
  try {
    // The archive is the way back.
    static_cast<void>(service().guard(the_site(), {}, [&](const GuardedChange& change) {
      write("htdocs/index.php", "x");
      std::filesystem::rename(change.backup.archive, folder_ / "aside");
      throw std::runtime_error("a reason");
    }));
    FAIL() << "it was kept";
  } catch (const GuardFailed& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::rollback_failed);
    EXPECT_FALSE(failed.result().rolled_back);
    message = failed.message();
    hint = failed.hint();
    EXPECT_TRUE(says(message, "a reason; and the roll-back failed"));
    EXPECT_TRUE(says(hint, "wobackup guard --abort example.com"));
    EXPECT_TRUE(says(hint, "wobackup restore " + failed.result().archive.string() + " --in-place"));
    std::filesystem::rename(folder_ / "aside", failed.result().archive);
  }
  const auto pending = service().pending_guard("example.com");
  ASSERT_TRUE(pending);
  EXPECT_EQ(pending->phase, "roll-back");
  EXPECT_FALSE(pending->running);
  EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
  EXPECT_TRUE(is_as_before());
  EXPECT_FALSE(service().pending_guard("example.com"));
}

TEST_F(GuardTest, FullDisk_BeforeNothingIsChangedAndAfterwardsItIsTriedAgain) {
  test::PrivateMounts mounts;
  if (!mounts.allowed()) GTEST_SKIP() << "mounts are not allowed here";
  ASSERT_TRUE(mounts.tmpfs(folder_ / "small"));
  folder_.write("small/archives/full", std::string(std::size_t{60} << 20U, 'x'));
  folder_.write("small/site/htdocs/large.bin", std::string(std::size_t{3} << 20U, 'x'));
  config_.site["example.com"].path = folder_ / "small/site";
  config_.backup_root = folder_ / "small/archives";
  config_.level = 1;
  const auto large = folder_ / "small/site/htdocs/large.bin";
  const auto change = [&](const GuardedChange&) {
    std::filesystem::resize_file(large, 5);
    folder_.write("small/junk", std::string(std::size_t{62} << 20U, 'x'));
    throw std::runtime_error("a reason");
  };
  try {
    static_cast<void>(service().guard(the_site(), {}, change));
    FAIL() << "it was kept";
  } catch (const GuardFailed& failed) {
    FAIL() << "it was begun: " << failed.message();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_space) << error.message();
  }
  EXPECT_EQ(std::filesystem::file_size(large), std::size_t{3} << 20U);
  std::filesystem::remove(folder_ / "small/archives/full");
  try {
    static_cast<void>(service().guard(the_site(), {}, change));
    FAIL() << "it was kept";
  } catch (const GuardFailed& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::rollback_failed);
    EXPECT_TRUE(says(failed.hint(), "free space"));
  }
  EXPECT_EQ(std::filesystem::file_size(large), 5U);
  std::filesystem::remove(folder_ / "small/junk");
  EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
  EXPECT_EQ(std::filesystem::file_size(large), std::size_t{3} << 20U);
}

TEST_F(GuardTest, ArchiveThatWasReplaced_IsNotRestored) {
  // The site's user owns the folder of its archives, on a server as WordOps makes it.
  try {
    static_cast<void>(service().guard(the_site(), {}, [&](const GuardedChange& change) {
      std::filesystem::copy_file("/bin/true", change.backup.archive, std::filesystem::copy_options::overwrite_existing);
      throw std::runtime_error("a reason");
    }));
    FAIL() << "it was kept";
  } catch (const GuardFailed& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::rollback_failed);
  }
  EXPECT_TRUE(is_as_before());
}

// What WordPress takes for its maintenance page must not hold up the way back.
TEST_F(GuardTest, AnythingInPlaceOfTheMaintenancePage_IsRolledBack) {
  write("htdocs/wp-load.php", "<?php // as in WordPress");
  if (is_root()) test::run_in(site(), {"chown", "-R", "33:33", "."});
  before_ = facts();
  EXPECT_TRUE(says(failure("mkdir -p htdocs/.maintenance/deep; exit 1", {.no_checks = true}), "exit status 1"));
  EXPECT_TRUE(is_as_before());
  // An old one, which WordPress ignores, and a new one in its place.
  write("htdocs/.maintenance", "<?php $upgrading = 1; ?>");
  test::run_in(site(), {"touch", "-d", "2001-01-01", "htdocs/.maintenance", "htdocs"});
  if (is_root()) test::run_in(site(), {"chown", "-R", "33:33", "."});
  before_ = facts();
  EXPECT_TRUE(says(failure("echo '<?php $upgrading = time(); ?>' > htdocs/.maintenance; exit 1", {.no_checks = true}),
                   "exit status 1"));
  std::map<std::string, std::string> now = facts();
  now.erase("htdocs/.maintenance");  // a restore tidies it up
  before_.erase("htdocs/.maintenance");
  EXPECT_EQ(now, before_);
}

TEST_F(GuardTest, FolderOfTheSite_GetsItsRightsAndOwnerBack) {
  EXPECT_TRUE(says(failure("chmod 0 htdocs .; exit 1"), "exit status 1"));
  EXPECT_TRUE(is_as_before());
  EXPECT_EQ(std::filesystem::status(site()).permissions(), std::filesystem::perms(0755));
  if (!is_root()) return;
  GuardCommand command = shell("chown -R 0:0 .; chmod 700 .; exit 1");
  command.user = "root";
  EXPECT_THROW(static_cast<void>(service().guard(the_site(), {}, command)), GuardFailed);
  EXPECT_TRUE(is_as_before());
  struct stat status {};
  ASSERT_EQ(::stat(site().c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 33U);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
}

TEST_F(GuardTest, ChangeThatFillsTheDiskOfTheState_IsCheckedAllTheSame) {
  test::PrivateMounts mounts;
  if (!mounts.allowed() || !mounts.tmpfs(config_.state_dir)) GTEST_SKIP() << "no mounts here";
  const auto fill = [this](const GuardedChange&) {
    std::ofstream(config_.state_dir / "fill") << std::string(std::size_t{80} << 20U, 'x');
    write("htdocs/index.php", "changed");
  };
  const GuardResult kept = service().guard(the_site(), {}, fill);
  EXPECT_TRUE(kept.notes.empty()) << kept.notes[0];  // the guard's journal has room of its own
  EXPECT_EQ(text("htdocs/index.php"), "changed");
  EXPECT_FALSE(service().pending_guard("example.com"));

  std::filesystem::remove(config_.state_dir / "fill");
  GuardOptions options;
  options.checks = {CommandCheck{folder_ / "check"}};
  folder_.write("check", "#!/bin/sh\n! grep -q changed htdocs/index.php\n");
  ::chmod((folder_ / "check").c_str(), 0755);
  write("htdocs/index.php", "well");
  try {
    static_cast<void>(service().guard(the_site(), options, fill));
    FAIL() << "it was kept";
  } catch (const GuardFailed& failed) {
    EXPECT_EQ(failed.kind(), ErrorKind::rollback_failed) << failed.message();
    EXPECT_TRUE(says(failed.message(), "check"));
    EXPECT_TRUE(says(failed.hint(), "wobackup guard --abort example.com"));
  }
  std::filesystem::remove(config_.state_dir / "fill");
  static_cast<void>(service().abort_guard("example.com"));
  EXPECT_EQ(text("htdocs/index.php"), "well");
}

TEST_F(GuardTest, InterruptedRestore_KeepsGuardsOut) {
  std::filesystem::create_directories(config_.state_dir / "restores");
  folder_.write("state/restores/example.com.json",
                R"({"format":1,"site":"example.com","site_path_b64":"L3g=","archive_b64":"L3g=","started":"x",)"
                R"("phase":"swapping","folder_times":[]})");
  EXPECT_EQ(refusal({}).kind(), ErrorKind::locked);
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardTest, Resume_WithoutAGuard_IsNotFound) {
  EXPECT_THROW(static_cast<void>(service().resume_guard("example.com")), Error);
  EXPECT_THROW(static_cast<void>(service().abort_guard("example.com")), Error);
  EXPECT_THROW(static_cast<void>(service().abort_guard("../etc")), Error);
  EXPECT_TRUE(service().pending_guards().empty());
}

}  // namespace
}  // namespace wobackup
