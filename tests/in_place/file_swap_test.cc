// Exchanging staged and live files, killed at any moment.
#include "in_place/file_swap.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "fakes/plain_tools.h"
#include "fakes/scratch_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

class FileSwapTest : public ::testing::Test {
 protected:
  FileSwapTest() {
    folder_.write("site/htdocs/index.php", "live");
    folder_.write("site/htdocs/uploads/new.jpg", "since");
    folder_.write("site/wp-config.php", "live");
    folder_.write("site/stage/htdocs/index.php", "backup");
    folder_.write("site/stage/wp-config.php", "backup");
    folder_.write("site/stage/conf/nginx.conf", "backup");
    site_.reset(::open((folder_ / "site").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    stage_.reset(::open((folder_ / "site/stage").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  std::string live(const std::string& name) const { return test::text_of_file(folder_ / "site" / name); }

  test::ScratchFolder folder_;
  UniqueFd site_, stage_;
};

TEST_F(FileSwapTest, ThereAndBack) {
  const FileSwap swap(site_.get(), stage_.get());
  const std::vector<SwapStep> steps = swap.plan({"htdocs", "wp-config.php", "conf"});
  for (const SwapStep& step : steps) {
    EXPECT_EQ(swap.side_of(step), FileSwap::Side::before);
    swap.forward(step);
    EXPECT_EQ(swap.side_of(step), FileSwap::Side::after);
    swap.forward(step);  // once is enough
  }
  swap.sync();
  EXPECT_EQ(live("htdocs/index.php"), "backup");
  EXPECT_EQ(live("wp-config.php"), "backup");
  EXPECT_EQ(live("conf/nginx.conf"), "backup");
  EXPECT_EQ(live("stage/htdocs/uploads/new.jpg"), "since");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "site/htdocs/uploads"));
  for (const SwapStep& step : steps) swap.back(step);
  for (const SwapStep& step : steps) swap.back(step);
  EXPECT_EQ(live("htdocs/index.php"), "live");
  EXPECT_EQ(live("htdocs/uploads/new.jpg"), "since");
  EXPECT_EQ(live("wp-config.php"), "live");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "site/conf"));
}

TEST_F(FileSwapTest, OneFolderInsideHtdocs) {
  folder_.write("site/stage/htdocs/uploads/old.jpg", "backup");
  const FileSwap swap(site_.get(), stage_.get());
  for (const SwapStep& step : swap.plan({"htdocs/uploads"})) swap.forward(step);
  EXPECT_EQ(live("htdocs/uploads/old.jpg"), "backup");
  EXPECT_EQ(live("htdocs/index.php"), "live");
}

TEST_F(FileSwapTest, WhatIsNotStaged_IsDisplaced) {
  const FileSwap swap(site_.get(), stage_.get());
  const SwapStep step = swap.step_of("htdocs/uploads");
  EXPECT_FALSE(step.staged);
  for (int twice = 0; twice < 2; ++twice) {
    swap.forward(step);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "site/htdocs/uploads"));
    EXPECT_EQ(live("stage/htdocs/uploads/new.jpg"), "since");
  }
  swap.back(step);
  swap.back(step);
  EXPECT_EQ(live("htdocs/uploads/new.jpg"), "since");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "site/stage/htdocs/uploads"));
}

TEST_F(FileSwapTest, FolderThatStays_TakesAttributesOfTheOther) {
  const FileSwap swap(site_.get(), stage_.get());
  const auto attributes = [&](bool staged) {
    return attributes_of((staged ? swap.open_staged("htdocs") : swap.open_live("htdocs")).get());
  };
  ASSERT_EQ(::fsetxattr(swap.open_staged("htdocs").get(), "user.wobackup", "new", 3, 0), 0);
  ASSERT_EQ(::fsetxattr(swap.open_live("htdocs").get(), "user.old", "old", 3, 0), 0);
  std::filesystem::permissions(folder_ / "site/stage/htdocs", std::filesystem::perms(0710));
  struct stat status {};
  ASSERT_EQ(::fstat(swap.open_live("htdocs").get(), &status), 0);
  StayingFolder folder{.path = "htdocs",
                       .place = 0,
                       .live = identity_from(status),
                       .before = attributes(false),
                       .after = attributes(true)};
  ASSERT_NE(folder.before, folder.after);
  swap.exchange_attributes(folder, true);
  EXPECT_EQ(attributes(false), folder.after);
  EXPECT_EQ(attributes(true), folder.before);
  swap.exchange_attributes(folder, false);
  EXPECT_EQ(attributes(false), folder.before);
  EXPECT_EQ(attributes(true), folder.after);
  // Another folder of that name does not get them.
  std::filesystem::rename(folder_ / "site/htdocs", folder_ / "site/moved");
  std::filesystem::create_directory(folder_ / "site/htdocs");
  EXPECT_THROW(swap.exchange_attributes(folder, true), Error);
  EXPECT_NE(attributes(false), folder.after);
}

TEST_F(FileSwapTest, ChangedBySomebodyElse_IsNotTouched) {
  const FileSwap swap(site_.get(), stage_.get());
  const std::vector<SwapStep> steps = swap.plan({"htdocs"});
  std::filesystem::rename(folder_ / "site/htdocs", folder_ / "site/htdocs-old");
  folder_.write("site/htdocs/index.php", "other");
  EXPECT_EQ(swap.side_of(steps[0]), FileSwap::Side::neither);
  EXPECT_THROW(swap.forward(steps[0]), Error);
  EXPECT_THROW(swap.back(steps[0]), Error);
  EXPECT_EQ(live("htdocs/index.php"), "other");
}

TEST_F(FileSwapTest, LinkInTheWay_IsNotFollowed) {
  folder_.write("elsewhere/uploads/file", "precious");
  std::filesystem::rename(folder_ / "site/htdocs", folder_ / "site/htdocs-old");
  std::filesystem::create_directory_symlink(folder_ / "elsewhere", folder_ / "site/htdocs");
  folder_.write("site/stage/htdocs/uploads/file", "backup");
  const FileSwap swap(site_.get(), stage_.get());
  EXPECT_THROW(static_cast<void>(swap.plan({"htdocs/uploads"})), Error);
  EXPECT_EQ(test::text_of_file(folder_ / "elsewhere/uploads/file"), "precious");
}

TEST_F(FileSwapTest, WhatWasNotStaged_IsAnError) {
  const FileSwap swap(site_.get(), stage_.get());
  EXPECT_THROW(static_cast<void>(swap.plan({"nothing"})), Error);
}

}  // namespace
}  // namespace wobackup
