// Backups restored to folders, whole and in part.
#include "snapshot/restore.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fakes/forged_tar.h"
#include "fakes/odd_site.h"
#include "fakes/one_site.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/tree_facts.h"
#include "wobackup/service.h"

namespace wobackup {
namespace {

class RestoreTest : public ::testing::Test, protected test::OneSite {
 protected:
  RestoreTest() { std::filesystem::create_directories(site() / "htdocs"); }
  Created create() {
    Service service(config_);
    return service.create(service.site("example.com"), {});
  }
  Restored restore(const std::filesystem::path& archive, RestoreOptions options = {}) {
    if (options.target.empty()) options.target = target();
    return Service(config_).restore(archive, options);
  }
  ErrorKind failure(const std::filesystem::path& archive, const RestoreOptions& options = {}) {
    try {
      static_cast<void>(restore(archive, options));
    } catch (const Error& error) {
      message_ = error.message();
      return error.kind();
    }
    ADD_FAILURE() << "no error";
    return ErrorKind::failed;
  }
  std::filesystem::path target() const { return folder_ / "restored"; }
  std::set<std::string> restored_paths() const {
    std::set<std::string> paths;
    for (const auto& item : std::filesystem::recursive_directory_iterator(target())) {
      if (!item.is_directory()) paths.insert(item.path().lexically_relative(target()));
    }
    return paths;
  }

  std::string message_;
};

TEST_F(RestoreTest, EverythingASiteCanHold_ComesBack) {
  if (::geteuid() != 0) GTEST_SKIP() << "owners need root";
  write("wp-config.php", "<?php\n");
  ASSERT_NO_FATAL_FAILURE(test::make_odd_site(site() / "htdocs"));
  const Created created = create();
  const auto before = test::facts_of(site() / "htdocs");
  const Restored restored = restore(created.archive);
  EXPECT_TRUE(restored.complete);
  EXPECT_EQ(restored.entries, created.entries);
  EXPECT_EQ(restored.files, created.files);
  EXPECT_EQ(test::facts_of(target() / "htdocs"), before);
  EXPECT_EQ(test::text_of_file(target() / "wp-config.php"), "<?php\n");
  struct stat status {};
  ASSERT_EQ(::stat((target() / "htdocs/sparse").c_str(), &status), 0);
  EXPECT_LT(status.st_blocks, 1000) << "the holes were filled";
}

TEST_F(RestoreTest, FoldersKeepTheirTimesAndModes) {
  write("htdocs/a/b/file");
  ::chmod((site() / "htdocs/a/b").c_str(), 0511);
  const timespec times[2] = {{1000, 0}, {1000, 5}};
  ::utimensat(AT_FDCWD, (site() / "htdocs/a/b").c_str(), times, 0);
  ::utimensat(AT_FDCWD, (site() / "htdocs/a").c_str(), times, 0);
  const auto before = test::facts_of(site() / "htdocs");
  static_cast<void>(restore(create().archive));
  EXPECT_EQ(test::facts_of(target() / "htdocs"), before);
}

TEST_F(RestoreTest, Include_TakesFilesFoldersAndGlobs) {
  for (const char* name : {"index.php", "uploads/1.jpg", "uploads/2024/2.jpg", "uploads-old/3.jpg", "x/style.css"}) {
    write(std::string("htdocs/") + name);
  }
  const Created created = create();
  EXPECT_EQ(restore(created.archive, {.include = {"htdocs/uploads/", "*.css"}}).files, 3U);
  EXPECT_EQ(restored_paths(),
            (std::set<std::string>{"htdocs/uploads/1.jpg", "htdocs/uploads/2024/2.jpg", "htdocs/x/style.css"}));
  // The folders above were made for it, and look as they did.
  EXPECT_EQ(std::filesystem::status(target() / "htdocs").permissions(),
            std::filesystem::status(site() / "htdocs").permissions());
}

TEST_F(RestoreTest, Exclude_LeavesOut) {
  write("htdocs/a.php");
  write("htdocs/cache/b.php");
  static_cast<void>(restore(create().archive, {.exclude = {"htdocs/cache", "vhost.json"}}));
  EXPECT_EQ(restored_paths(), (std::set<std::string>{"htdocs/a.php"}));
}

TEST_F(RestoreTest, IncludeOfNothing_IsSaidBeforeAnythingIsWritten) {
  write("htdocs/a.php");
  EXPECT_EQ(failure(create().archive, {.include = {"htdocs/a.php", "htdocs/b.php"}}), ErrorKind::not_found);
  EXPECT_NE(message_.find("htdocs/b.php"), std::string::npos) << message_;
  EXPECT_FALSE(std::filesystem::exists(target()));
}

TEST_F(RestoreTest, DryRun_WritesNothing) {
  write("htdocs/a.php", "123");
  const Restored restored = restore(create().archive, {.include = {"htdocs/a.php"}, .dry_run = true});
  EXPECT_EQ(restored.files, 1U);
  EXPECT_EQ(restored.bytes, 3U);
  EXPECT_FALSE(std::filesystem::exists(target()));
}

TEST_F(RestoreTest, Overwrite_DecidesAboutWhatIsThere) {
  write("htdocs/newer", "backup");
  write("htdocs/older", "backup");
  const Created created = create();
  const auto put = [&] {
    folder_.write("restored/htdocs/newer", "mine");
    folder_.write("restored/htdocs/older", "mine");
    const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    ::utimensat(AT_FDCWD, (target() / "htdocs/older").c_str(), long_ago, 0);
  };
  put();
  const Restored kept = restore(created.archive, {.include = {"htdocs"}, .overwrite = Overwrite::never});
  EXPECT_EQ(kept.skipped, 2U);
  EXPECT_EQ(kept.files, 0U);
  EXPECT_EQ(test::text_of_file(target() / "htdocs/older"), "mine");
  put();
  EXPECT_EQ(restore(created.archive, {.include = {"htdocs"}, .overwrite = Overwrite::if_newer}).skipped, 1U);
  EXPECT_EQ(test::text_of_file(target() / "htdocs/older"), "backup");
  EXPECT_EQ(test::text_of_file(target() / "htdocs/newer"), "mine");
  put();
  EXPECT_EQ(restore(created.archive, {.include = {"htdocs"}}).skipped, 0U);
  EXPECT_EQ(test::text_of_file(target() / "htdocs/newer"), "backup");
}

TEST_F(RestoreTest, LinkInTheTarget_IsNotWrittenThrough) {
  write("htdocs/uploads/file", "backup");
  const Created created = create();
  const test::ScratchFolder elsewhere;
  std::filesystem::create_directories(target() / "htdocs");
  std::filesystem::create_directory_symlink(elsewhere.path(), target() / "htdocs/uploads");
  EXPECT_EQ(failure(created.archive), ErrorKind::failed);
  EXPECT_NE(message_.find("htdocs/uploads"), std::string::npos) << message_;
  EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path()));
}

TEST_F(RestoreTest, FileThatIsALinkInTheTarget_IsReplacedNotFollowed) {
  write("htdocs/file", "backup");
  const Created created = create();
  const auto victim = folder_.write("victim", "precious");
  std::filesystem::create_directories(target() / "htdocs");
  std::filesystem::create_symlink(victim, target() / "htdocs/file");
  static_cast<void>(restore(created.archive));
  EXPECT_EQ(test::text_of_file(victim), "precious");
  EXPECT_FALSE(std::filesystem::is_symlink(target() / "htdocs/file"));
}

TEST_F(RestoreTest, HardLinkWhoseFirstNameIsNotWanted_ComesBackWithItsContent) {
  write("htdocs/first", "content");
  std::filesystem::create_hard_link(site() / "htdocs/first", site() / "htdocs/second");
  const Restored restored = restore(create().archive, {.include = {"htdocs/second"}});
  EXPECT_TRUE(restored.complete);
  EXPECT_EQ(restored.files, 1U);
  EXPECT_EQ(test::text_of_file(target() / "htdocs/second"), "content");
  EXPECT_FALSE(std::filesystem::exists(target() / "htdocs/first"));
}

TEST_F(RestoreTest, SingleOddFiles_ComeBackAsTheyWere) {
  if (::geteuid() != 0) GTEST_SKIP() << "owners need root";
  ASSERT_NO_FATAL_FAILURE(test::make_odd_site(site() / "htdocs"));
  const Created created = create();
  const auto before = test::facts_of(site() / "htdocs");
  for (const std::string name : {"owned", "attributes", "small sparse", "dangling", "fifo", "old", "empty folder"}) {
    std::filesystem::remove_all(target());
    EXPECT_EQ(restore(created.archive, {.include = {"htdocs/" + name}}).entries, 1U) << name;
    EXPECT_EQ(test::facts_of(target() / "htdocs").at(name), before.at(name)) << name;
  }
}

TEST_F(RestoreTest, ChangedFile_IsFoundByItsHashAndNamed) {
  std::string noise(100'000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 2654435761U >> 13U);
  write("htdocs/a", "small");
  write("htdocs/noise", noise);
  const Created created = create();
  ByteVector bytes = test::bytes_of_file(created.archive);
  bytes[bytes.size() / 2] ^= std::byte{1};
  test::write_file(created.archive, bytes);
  EXPECT_EQ(failure(created.archive), ErrorKind::verification);
  std::filesystem::remove_all(target());
  const Restored salvaged = restore(created.archive, {.salvage = true});
  EXPECT_FALSE(salvaged.complete);
  EXPECT_GT(salvaged.missing_count, 0U);
  EXPECT_EQ(test::text_of_file(target() / "vhost.json").substr(0, 1), "{");
}

TEST_F(RestoreTest, OlderServicesArchive_ComesBack) {
  const auto tree = folder_ / "tree/2024-05-01_10-00-00";
  folder_.write("tree/2024-05-01_10-00-00/vhost.json", "{\"sitename\":\"example.com\"}");
  folder_.write("tree/2024-05-01_10-00-00/htdocs/a/index.php", "<?php");
  folder_.write("tree/2024-05-01_10-00-00/example_com.sql", "-- dump");
  std::filesystem::create_hard_link(tree / "htdocs/a/index.php", tree / "htdocs/a/other.php");
  std::filesystem::create_symlink("/etc/passwd", tree / "htdocs/outside");
  const auto archive = folder_ / "2024-05-01_10-00-00.tar.zst";
  test::run_in(folder_ / "tree", {"tar", "--zstd", "--format=pax", "-cf", archive.string(), "2024-05-01_10-00-00"});
  const Restored restored = restore(archive);
  EXPECT_EQ(restored.files, 3U);
  EXPECT_EQ(test::facts_of(target()), test::facts_of(tree));
  std::filesystem::remove_all(target());
  EXPECT_EQ(restore(archive, {.files = false}).files, 1U);
  EXPECT_EQ(restored_paths(), (std::set<std::string>{"example_com.sql"}));
}

// What an attacker could send as an archive of another program.
TEST_F(RestoreTest, HostileTars_WriteNothingOutside) {
  const auto tree = folder_ / "evil";
  folder_.write("evil/htdocs/passwd", "stolen");
  const auto victim = folder_.write("outside/victim", "precious");
  const auto packed = [&](std::vector<std::string> more) {
    std::vector<std::string> argv{"tar", "--zstd", "-Pcf", (folder_ / "evil.tar.zst").string()};
    argv.insert(argv.end(), more.begin(), more.end());
    test::run_in(tree, argv);
    return folder_ / "evil.tar.zst";
  };
  std::filesystem::create_hard_link(victim, tree / "first");
  std::filesystem::create_hard_link(victim, tree / "second");
  const auto outside = test::facts_of(folder_ / "outside");
  const auto expect_refused = [&](const std::vector<std::string>& argv, const char* what) {
    std::filesystem::remove_all(target());
    const ErrorKind kind = failure(packed(argv));
    EXPECT_EQ(kind, ErrorKind::verification) << what << ": " << message_;
    EXPECT_EQ(test::facts_of(folder_ / "outside"), outside) << what;
  };
  expect_refused({"--transform", "s,^htdocs,../outside,", "htdocs/passwd"}, "..");
  expect_refused({"--transform", "s,^htdocs,/" + (folder_ / "outside").string() + ",", "htdocs/passwd"}, "absolute");
  // A link, then a file through it.
  std::filesystem::create_directory_symlink(folder_ / "outside", tree / "link");
  expect_refused({"link", "--transform", "s,^htdocs,link,", "htdocs/passwd"}, "through a link");
  // A hard link to a file outside.
  expect_refused({"--transform", "flags=h;s,^first,../outside/victim,", "first", "second"}, "hard link");
}

// A tar may hold a name twice, and the last one counts.
TEST_F(RestoreTest, FileBehindAHardLinkOfItsName_IsNotLost) {
  folder_.write("tree/htdocs/first", "old");
  std::filesystem::create_hard_link(folder_ / "tree/htdocs/first", folder_ / "tree/htdocs/second");
  folder_.write("later/htdocs/second", "new");
  test::run_in(folder_.path(), {"tar", "--zstd", "-cf", "x.tar.zst", "-C", (folder_ / "tree").string(), "htdocs/first",
                                "htdocs/second", "-C", (folder_ / "later").string(), "htdocs/second"});
  EXPECT_TRUE(restore(folder_ / "x.tar.zst").complete);
  EXPECT_EQ(test::text_of_file(target() / "htdocs/second"), "new");
  EXPECT_EQ(test::text_of_file(target() / "htdocs/first"), "old");
}

TEST_F(RestoreTest, FolderBehindAFileOfItsName_IsTheArchivesFault) {
  folder_.write("tree/htdocs/name", "a file");
  folder_.write("later/htdocs/name/below", "in a folder");
  test::run_in(folder_.path(), {"tar", "--zstd", "-cf", "x.tar.zst", "-C", (folder_ / "tree").string(), "htdocs/name",
                                "-C", (folder_ / "later").string(), "htdocs/name"});
  EXPECT_EQ(failure(folder_ / "x.tar.zst"), ErrorKind::verification);
  // What somebody else had put there is not.
  std::filesystem::remove_all(target());
  folder_.write("restored/htdocs/name/below", "mine");
  test::run_in(folder_ / "tree", {"tar", "--zstd", "-cf", "../y.tar.zst", "htdocs"});
  EXPECT_EQ(failure(folder_ / "y.tar.zst"), ErrorKind::failed);
}

TEST_F(RestoreTest, DatabaseOfABackupWithoutOne_IsNotFound) {
  write("htdocs/a");
  EXPECT_EQ(failure(create().archive, {.files = false}), ErrorKind::not_found);
  EXPECT_FALSE(std::filesystem::exists(target()));
  test::run_in(site(), {"tar", "--zstd", "-cf", (folder_ / "x.tar.zst").string(), "htdocs"});
  EXPECT_EQ(failure(folder_ / "x.tar.zst", {.files = false}), ErrorKind::not_found);
}

TEST_F(RestoreTest, DeviceNode_IsNotMade) {
  if (::geteuid() != 0) GTEST_SKIP() << "device nodes need root";
  folder_.write("tree/htdocs/a", "a");
  if (::mknod((folder_ / "tree/htdocs/null").c_str(), S_IFCHR | 0666, 0x0103) != 0) GTEST_SKIP();
  test::run_in(folder_ / "tree", {"tar", "--zstd", "-cf", "../x.tar.zst", "htdocs"});
  const Restored restored = restore(folder_ / "x.tar.zst");
  EXPECT_FALSE(restored.complete);
  EXPECT_EQ(restored.missing.at(0).path, "htdocs/null");
  EXPECT_TRUE(std::filesystem::exists(target() / "htdocs/a"));
  EXPECT_FALSE(std::filesystem::exists(target() / "htdocs/null"));
}

TEST_F(RestoreTest, SetIdBitsOfAStrangersArchive_AreLeftOut) {
  if (::geteuid() != 0) GTEST_SKIP() << "owners need root";
  const auto pack = [&](const char* name, unsigned uid, unsigned gid, mode_t mode) {
    const auto path = folder_.write(std::string("tree/htdocs/") + name, "#!");
    ASSERT_EQ(::chown(path.c_str(), uid, gid), 0);
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  };
  pack("root", 0, 0, 06755);
  pack("other", 1234, 1234, 04755);
  pack("group", 33, 1234, 02755);
  ASSERT_EQ(::chmod((folder_ / "tree/htdocs").c_str(), 02755), 0);
  test::run_in(folder_ / "tree", {"tar", "--zstd", "-cpf", "../x.tar.zst", "htdocs"});
  std::vector<std::string> warnings;
  RestoreOptions options;
  options.target = target();
  const Restored restored = Service(config_, [&](LogLevel level, std::string_view text) {
                              if (level == LogLevel::warning) warnings.emplace_back(text);
                            }).restore(folder_ / "x.tar.zst", options);
  EXPECT_EQ(restored.notes_count, 3U);
  struct stat status {};
  for (const char* name : {"root", "other", "group"}) {
    ASSERT_EQ(::stat((target() / "htdocs" / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0755U) << name;
  }
  ASSERT_EQ(::stat((target() / "htdocs").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 02755U);  // hands its group down, and runs nothing
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("is not recorded as made here"), std::string::npos);
}

TEST_F(RestoreTest, SetIdBitsOfAnArchiveMadeHere_ComeBackWithoutAWarning) {
  if (::geteuid() != 0) GTEST_SKIP() << "owners need root";
  write("htdocs/shell", "#!");
  ASSERT_EQ(::chown((site() / "htdocs/shell").c_str(), 1234, 1234), 0);
  ASSERT_EQ(::chmod((site() / "htdocs/shell").c_str(), 06755), 0);
  const Created created = create();
  std::vector<std::string> warnings;
  RestoreOptions options;
  options.target = target();
  const Restored restored = Service(config_, [&](LogLevel level, std::string_view text) {
                              if (level == LogLevel::warning) warnings.emplace_back(text);
                            }).restore(created.archive, options);
  EXPECT_EQ(restored.notes_count, 0U);
  EXPECT_TRUE(warnings.empty());
  struct stat status {};
  ASSERT_EQ(::stat((target() / "htdocs/shell").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 06755U);
  // The same bytes elsewhere: nobody knows them there.
  std::filesystem::copy(created.archive, folder_ / "copy.tar.zst");
  std::filesystem::remove_all(target());
  EXPECT_EQ(restore(folder_ / "copy.tar.zst").notes_count, 1U);
  ASSERT_EQ(::stat((target() / "htdocs/shell").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
}

TEST_F(RestoreTest, ForeignTarInTheArchivesPlace_IsCalledChanged) {
  write("htdocs/index.php", "old");
  const Created created = create();
  test::forge(created.archive, "example.com");
  for (const bool salvage : {false, true}) {
    std::vector<std::string> warnings;
    RestoreOptions options;
    options.target = target();
    options.salvage = salvage;
    static_cast<void>(Service(config_, [&](LogLevel level, std::string_view text) {
                        if (level == LogLevel::warning) warnings.emplace_back(text);
                      }).restore(created.archive, options));
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings[0].find("somebody changed it"), std::string::npos) << warnings[0];
  }
}

TEST_F(RestoreTest, WithoutRoom_NothingIsWritten) {
  write("htdocs/a", "content");
  const Created created = create();
  config_.min_free_bytes = std::uint64_t{1} << 60U;
  EXPECT_EQ(failure(created.archive), ErrorKind::no_space);
  EXPECT_TRUE(std::filesystem::is_empty(target()));
}

// More than any disk here has, and nearly nothing of it is stored.
TEST_F(RestoreTest, HolesNeedNoRoom) {
  write("htdocs/a", "content");
  write("htdocs/hole", "begins");
  std::filesystem::resize_file(site() / "htdocs/hole", std::uintmax_t{8} << 40U);
  const Created created = create();
  for (const RestoreOptions& options : {RestoreOptions{}, RestoreOptions{.include = {"htdocs/hole"}}}) {
    static_cast<void>(restore(created.archive, options));
    struct stat status {};
    ASSERT_EQ(::stat((target() / "htdocs/hole").c_str(), &status), 0);
    EXPECT_EQ(status.st_size, std::int64_t{8} << 40U);
    EXPECT_LT(status.st_blocks, 1000);
    std::filesystem::remove_all(target());
  }
}

TEST_F(RestoreTest, Cancelled_SaysSo) {
  write("htdocs/a", std::string(1'000'000, 'x'));
  EXPECT_EQ(failure(create().archive, {.cancelled = [] { return true; }}), ErrorKind::interrupted);
}

}  // namespace
}  // namespace wobackup
