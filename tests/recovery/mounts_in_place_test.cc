// Restores in place where htdocs cannot be exchanged as a whole: mounts and links.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recovery/site_in_place.h"

namespace wobackup {
namespace {

class MountsInPlace : public test::SiteInPlace {
 protected:
  void SetUp() override {
    if (!mounts_.allowed()) GTEST_SKIP() << "mounting is not permitted";
  }
  static dev_t device_of(const std::filesystem::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_dev : 0;
  }
  // htdocs leads elsewhere, uploads is another disk, and in it is a folder of a third one.
  void lay_out_all() {
    std::filesystem::create_directories(folder_ / "srv/site");
    std::filesystem::create_directory_symlink(folder_ / "srv/site", site() / "htdocs");
    ASSERT_TRUE(mounts_.tmpfs(folder_ / "srv/site/wp-content/uploads"));
    std::filesystem::create_directories(folder_ / "disk/2023");
    ASSERT_TRUE(mounts_.bind(folder_ / "disk/2023", folder_ / "srv/site/wp-content/uploads/2023"));
    write("htdocs/wp-content/uploads/2023/a.jpg", "old");
  }
};

TEST_F(MountsInPlace, UploadsOnAnotherDisk) {
  ASSERT_TRUE(mounts_.tmpfs(content() / "uploads"));
  back_up();
  change();
  const dev_t disk = device_of(content() / "uploads");
  ASSERT_NE(disk, device_of(site()));
  there_and_back();
  EXPECT_EQ(device_of(content() / "uploads"), disk);
}

// Known before anything is staged: the site's own disk would take it all.
TEST_F(MountsInPlace, AnotherDiskIsFull_IsRefusedBeforeAnything) {
  ASSERT_TRUE(mounts_.tmpfs(content() / "uploads"));
  write("htdocs/wp-content/uploads/film.mp4", std::string(std::size_t{20} << 20U, 'f'));
  back_up();
  change();
  write("htdocs/wp-content/uploads/film2.mp4", std::string(std::size_t{35} << 20U, 'g'));
  const std::map<std::string, std::string> before = facts();
  std::vector<std::string> phases;
  InPlaceOptions options;
  options.on_progress = [&](const Progress& progress) { phases.emplace_back(progress.phase); };
  try {
    static_cast<void>(restore(options));
    FAIL() << "there was no room";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_NE(error.message().find("uploads"), std::string::npos) << error.message();
  }
  EXPECT_EQ(std::count(phases.begin(), phases.end(), "restore"), 0);
  EXPECT_EQ(facts(), before);
  EXPECT_FALSE(has_stage());
  EXPECT_FALSE(service().pending_restore("example.com"));
}

TEST_F(MountsInPlace, UploadsOnAnotherDisk_Finished) {
  ASSERT_TRUE(mounts_.tmpfs(content() / "uploads"));
  back_up();
  change();
  there_and_finished();
}

TEST_F(MountsInPlace, UploadsBoundFromTheSameDisk) {
  std::filesystem::create_directories(folder_ / "disk/uploads");
  ASSERT_TRUE(mounts_.bind(folder_ / "disk/uploads", content() / "uploads"));
  back_up();
  change();
  there_and_back();
  there_and_finished();
  EXPECT_EQ(test::text_of_file(folder_ / "disk/uploads/gone.jpg"), "gone");
}

TEST_F(MountsInPlace, HtdocsOnAnotherDisk) {
  ASSERT_TRUE(mounts_.tmpfs(site() / "htdocs"));
  back_up();
  change();
  there_and_back();
  there_and_finished();
}

TEST_F(MountsInPlace, HtdocsLeadsElsewhere) {
  std::filesystem::create_directories(folder_ / "srv/site");
  std::filesystem::create_directory_symlink("../../srv/site", site() / "htdocs");
  back_up();
  change();
  there_and_back();
  there_and_finished();
  EXPECT_TRUE(std::filesystem::is_symlink(site() / "htdocs"));
  EXPECT_EQ(test::text_of_file(folder_ / "srv/site/index.php"), "<?php // old");
}

TEST_F(MountsInPlace, AllOfIt_InEachOther) {
  lay_out_all();
  back_up();
  write("htdocs/wp-content/uploads/2023/b.jpg", "since");
  change();
  there_and_back();
  there_and_finished();
}

TEST_F(MountsInPlace, PathsAroundAMount) {
  ASSERT_TRUE(mounts_.tmpfs(content() / "uploads"));
  back_up();
  change();
  for (const std::string path : {"htdocs/wp-content", "htdocs/wp-content/uploads", "htdocs/wp-content/uploads/2024"}) {
    write("htdocs/wp-content/uploads/2024/old.jpg", "changed");
    EXPECT_EQ(restore({.include = {path}}).exchanged, std::vector<std::string>{path});
    EXPECT_EQ(text("htdocs/wp-content/uploads/2024/old.jpg"), std::string(5000, 'o')) << path;
    EXPECT_EQ(has("htdocs/wp-content/uploads/2025"), path.ends_with("2024")) << path;
    EXPECT_EQ(text("htdocs/index.php"), "<?php // since");
    undo();
    EXPECT_EQ(text("htdocs/wp-content/uploads/2024/old.jpg"), "changed");
  }
  EXPECT_FALSE(has_stage());
}

TEST_F(MountsInPlace, UndoAfterTheSiteHasRun_LeavesNothingBehind) {
  ASSERT_TRUE(mounts_.tmpfs(content() / "uploads"));
  back_up();
  change();
  static_cast<void>(restore());
  write("htdocs/wp-content/uploads/2026/later.jpg", "later");
  write("htdocs/later.php", "later");
  std::filesystem::remove(site() / "htdocs/index.php");
  std::filesystem::remove_all(content() / "plugins");
  write("htdocs/wp-content/plugins", "a file");
  undo();
  EXPECT_EQ(facts(), live_);
  EXPECT_FALSE(has_stage());
}

TEST_F(MountsInPlace, BackupMeanwhile_LeavesTheStagesOut) {
  ASSERT_TRUE(mounts_.tmpfs(content() / "uploads"));
  back_up();
  change();
  static_cast<void>(restore());
  const std::filesystem::path archive = service().create(the_site(), {}).archive;
  static_cast<void>(service().restore(archive, {.target = folder_ / "out", .exclude = {"vhost.json"}}));
  EXPECT_EQ(test::facts_of(folder_ / "out"), in_backup_);
}

TEST_F(MountsInPlace, MountWithoutAFolderInTheBackup_IsRefusedBeforeAnything) {
  back_up();
  ASSERT_TRUE(mounts_.tmpfs(content() / "media"));
  change();
  is_refused("htdocs/wp-content/media is a mount, and the backup has nothing there");
}

TEST_F(MountsInPlace, MountWhereTheBackupHasAFile_IsRefusedBeforeAnything) {
  back_up();
  std::filesystem::remove(site() / "htdocs/index.php");
  ASSERT_TRUE(mounts_.tmpfs(site() / "htdocs/index.php"));
  live_ = facts();
  is_refused("htdocs/index.php is a mount, and the backup has a file there");
}

TEST_F(MountsInPlace, MountedFile_IsRefusedBeforeAnything) {
  back_up();
  change();
  ASSERT_TRUE(mounts_.bind(folder_.write("secret.php", "x"), site() / "wp-config.php"));
  live_ = facts();
  is_refused("wp-config.php is a mounted file");
}

TEST_F(MountsInPlace, MountOfAnotherPartOfHtdocs_IsRefused) {
  write("htdocs/a/file", "a");
  std::filesystem::create_directories(site() / "htdocs/b");
  back_up();
  change();
  ASSERT_TRUE(mounts_.bind(site() / "htdocs/a", site() / "htdocs/b"));
  live_ = facts();
  is_refused("exchanged under another name");
}

TEST_F(MountsInPlace, ReadOnlyMount_IsRefusedBeforeAnything) {
  ASSERT_TRUE(mounts_.tmpfs(content() / "uploads"));
  back_up();
  change();
  ASSERT_EQ(::mount("none", (content() / "uploads").c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  is_refused("cannot make a folder in htdocs/wp-content/uploads");
}

TEST_F(MountsInPlace, LinkOfAUserToAFolderOfRoots_IsRefused) {
  back_up();
  folder_.write("root/precious", "x");
  std::filesystem::rename(site() / "htdocs", folder_ / "old");
  std::filesystem::create_directory_symlink(folder_ / "root", site() / "htdocs");
  ASSERT_EQ(::lchown((site() / "htdocs").c_str(), 33, 33), 0);
  live_ = facts();
  is_refused("of another owner");
  EXPECT_EQ(test::text_of_file(folder_ / "root/precious"), "x");
}

TEST_F(MountsInPlace, LinkToTheSiteItself_IsRefused) {
  back_up();
  std::filesystem::rename(site() / "htdocs", folder_ / "old");
  std::filesystem::create_directory_symlink("..", site() / "htdocs");
  try {
    static_cast<void>(restore());
    FAIL() << "it was restored";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("under another name"), std::string::npos) << error.message();
  }
}

TEST_F(MountsInPlace, Unmounted_ItSaysSoAndGoesOnWhenMountedAgain) {
  std::filesystem::create_directories(folder_ / "disk/uploads");
  std::filesystem::create_directories(content() / "uploads");
  {
    ASSERT_EQ(::mount((folder_ / "disk/uploads").c_str(), (content() / "uploads").c_str(), nullptr, MS_BIND, nullptr),
              0);
    back_up();
    change();
    static_cast<void>(restore());
    ASSERT_EQ(::umount2((content() / "uploads").c_str(), 0), 0);
  }
  try {
    service().undo_restore("example.com");
    FAIL() << "it was undone";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rollback_failed);
    EXPECT_NE(error.hint().find("mount it"), std::string::npos) << error.hint();
  }
  ASSERT_TRUE(mounts_.bind(folder_ / "disk/uploads", content() / "uploads"));
  service().undo_restore("example.com");
  EXPECT_EQ(facts(), live_);
}

TEST_F(MountsInPlace, KilledAtAnyMoment_IsBeforeOrAfterWithOneCommand) {
  lay_out_all();
  for (int i = 0; i < 60; ++i) write("htdocs/f" + std::to_string(i), std::string(1000, 'a'));
  for (int i = 0; i < 60; ++i) write("htdocs/wp-content/uploads/f" + std::to_string(i), "a");
  back_up();
  for (int i = 0; i < 60; i += 2) write("htdocs/wp-content/uploads/f" + std::to_string(i), "b");
  for (int i = 0; i < 60; ++i) write("htdocs/g" + std::to_string(i), "b");
  change();
  killed_at_any_moment(40);
}

}  // namespace
}  // namespace wobackup
