// Maintenance mode is entered, renewed and left, and nobody else's is touched.
#include "wordpress/maintenance_mode.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <memory>

#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;

class ToldClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::system_clock::time_point now() const override {
    return std::chrono::system_clock::time_point(std::chrono::seconds(seconds.load()));
  }
  [[nodiscard]] std::chrono::steady_clock::time_point monotonic() const override { return {}; }
  std::atomic<std::int64_t> seconds{1'700'000'000};
};

class MaintenanceModeTest : public testing::Test {
 protected:
  static constexpr const char* kOurs = "<?php $upgrading = 1700000000; // wobackup\n";

  [[nodiscard]] fs::path file() const { return htdocs_ / ".maintenance"; }
  [[nodiscard]] std::string content() const { return test::text_of_file(file()); }
  [[nodiscard]] std::unique_ptr<MaintenanceMode> enter(std::chrono::milliseconds every = std::chrono::hours(1)) const {
    const SiteUser owner = ::geteuid() == 0 ? SiteUser{33, 33} : SiteUser{::geteuid(), ::getegid()};
    return std::make_unique<MaintenanceMode>(folder_.get(), "a.example", owner, clock_, every);
  }
  [[nodiscard]] std::ptrdiff_t names() const {
    return std::distance(fs::directory_iterator(htdocs_.path()), fs::directory_iterator());
  }

  test::ScratchFolder htdocs_;
  UniqueFd folder_{::open(htdocs_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ToldClock clock_;
};

TEST_F(MaintenanceModeTest, IsThereAsLongAsTheObject) {
  {
    const auto mode = enter();
    EXPECT_EQ(content(), kOurs);
    struct stat status {};
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0644U);
    EXPECT_EQ(status.st_uid, ::geteuid() == 0 ? 33U : ::geteuid());
    EXPECT_EQ(names(), 1);
  }
  EXPECT_EQ(names(), 0);
}

TEST_F(MaintenanceModeTest, Renewed_CountsFromNow) {
  const auto mode = enter();
  clock_.seconds = 1'700'000'300;
  mode->renew();
  EXPECT_EQ(content(), "<?php $upgrading = 1700000300; // wobackup\n");
  mode->leave();
  EXPECT_NE(test::refusal([&] { mode->renew(); }, ErrorKind::failed), "");
  mode->leave();
  EXPECT_EQ(names(), 0);
}

TEST_F(MaintenanceModeTest, RenewsItself) {
  const auto mode = enter(std::chrono::milliseconds(1));
  clock_.seconds = 1'700'000'300;
  for (int attempt = 0; attempt < 10'000 && content() == kOurs; ++attempt) ::usleep(1000);
  EXPECT_EQ(content(), "<?php $upgrading = 1700000300; // wobackup\n");
}

TEST_F(MaintenanceModeTest, WordPressOwnUpdate_IsNotDisturbed) {
  const std::string theirs = "<?php $upgrading = 1699999999; ?>";
  htdocs_.write(".maintenance", theirs);
  EXPECT_NE(test::refusal([&] { (void)enter(); }, ErrorKind::locked).find("in maintenance mode already"),
            std::string::npos);
  EXPECT_EQ(content(), theirs);
  EXPECT_FALSE(MaintenanceMode::remove_leftover(folder_.get(), "a.example"));
  EXPECT_EQ(content(), theirs);
}

TEST_F(MaintenanceModeTest, ForgottenFile_IsReplaced) {
  htdocs_.write(".maintenance", "<?php $upgrading = 1699999400; ?>");
  const auto mode = enter();
  EXPECT_EQ(content(), kOurs);
}

TEST_F(MaintenanceModeTest, FileWithoutANumber_CountsFromItsModification) {
  htdocs_.write(".maintenance", "<?php $upgrading = time();");
  const auto set_age = [&](std::int64_t seconds) {
    const timespec time{1'700'000'000 - seconds, 0};
    const std::array<timespec, 2> both{time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, file().c_str(), both.data(), 0), 0);
  };
  set_age(599);
  EXPECT_NE(test::refusal([&] { (void)enter(); }, ErrorKind::locked), "");
  set_age(600);
  EXPECT_NE(enter(), nullptr);
}

TEST_F(MaintenanceModeTest, LeftByAKilledRun_IsTakenOverOrRemoved) {
  htdocs_.write(".maintenance", kOurs);
  clock_.seconds = 1'700'000'010;
  enter().reset();
  EXPECT_EQ(names(), 0);
  htdocs_.write(".maintenance", kOurs);
  EXPECT_TRUE(MaintenanceMode::remove_leftover(folder_.get(), "a.example"));
  EXPECT_FALSE(MaintenanceMode::remove_leftover(folder_.get(), "a.example"));
  EXPECT_EQ(names(), 0);
}

TEST_F(MaintenanceModeTest, SomebodyElsesFileMeanwhile_Stays) {
  const auto mode = enter();
  htdocs_.write(".maintenance", "<?php $upgrading = 1700000001; ?>");
  mode->leave();
  EXPECT_EQ(content(), "<?php $upgrading = 1700000001; ?>");
}

TEST_F(MaintenanceModeTest, PlantedLink_IsNotFollowed) {
  const test::ScratchFolder elsewhere;
  const fs::path target = elsewhere.write("target", "untouched");
  fs::create_symlink(target, file());
  EXPECT_NE(test::refusal([&] { (void)enter(); }, ErrorKind::failed).find("not a regular file"), std::string::npos);
  EXPECT_EQ(test::text_of_file(target), "untouched");
}

TEST_F(MaintenanceModeTest, FolderThatWasRenamed_KeepsItsMode) {
  const auto mode = enter();
  const fs::path moved = htdocs_.path().string() + ".moved";
  fs::rename(htdocs_.path(), moved);
  mode->renew();
  EXPECT_TRUE(fs::exists(moved / ".maintenance"));
  mode->leave();
  EXPECT_FALSE(fs::exists(moved / ".maintenance"));
  fs::rename(moved, htdocs_.path());
}

}  // namespace
}  // namespace wobackup
