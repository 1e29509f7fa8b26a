// A site's user who moves folders and plants links while the site is restored.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "recovery/files_in_place.h"
#include "recovery/site_in_place.h"

namespace wobackup {
namespace {

class HostileMounts : public test::SiteInPlace {
 protected:
  void SetUp() override {
    if (!mounts_.allowed()) GTEST_SKIP() << "mounting is not permitted";
    ASSERT_TRUE(mounts_.tmpfs(content() / "uploads"));
    back_up();
    change();
    folder_.write("precious/uploads/2024/old.jpg", "precious");
    folder_.write("precious/plugins/shop/shop.php", "precious");
    folder_.write("precious/themes/x", "precious");
    precious_ = test::facts_of(folder_ / "precious");
  }
  FilesInPlace staged() {
    FilesInPlace files = FilesInPlace::make(site());
    static_cast<void>(files.stage(archive_, {}, {}, {config_, log_}));
    return files;
  }
  void plant_link(const std::filesystem::path& path) const {
    std::filesystem::rename(path, path.string() + "-moved");
    std::filesystem::create_directory_symlink(folder_ / "precious", path);
  }
  static void take_link_away(const std::filesystem::path& path) {
    std::filesystem::remove(path);
    std::filesystem::rename(path.string() + "-moved", path);
  }
  void expect_precious_untouched() const { EXPECT_EQ(test::facts_of(folder_ / "precious"), precious_); }

  LogSink log_;
  std::map<std::string, std::string> precious_;
};

TEST_F(HostileMounts, LinkForAFolderThatStays_BeforeTheExchange) {
  const FilesInPlace files = staged();
  plant_link(content());
  EXPECT_THROW(files.forward(), Error);
  expect_precious_untouched();
  EXPECT_THROW(files.back(), Error);  // what was moved away cannot be found
  expect_precious_untouched();
  take_link_away(content());
  files.back();
  files.remove();
  EXPECT_EQ(facts(), live_);
  EXPECT_FALSE(has_stage());
}

TEST_F(HostileMounts, LinkForAFolderThatStays_AfterTheExchange) {
  FilesInPlace files = staged();
  files.forward();
  EXPECT_EQ(facts(), in_backup_);
  plant_link(content());
  EXPECT_THROW(files.back(), Error);
  EXPECT_THROW(files.plan_undo(), Error);
  expect_precious_untouched();
  take_link_away(content());
  files.back();
  EXPECT_EQ(facts(), live_);
}

TEST_F(HostileMounts, OtherFolderForOneThatStays_GetsNoAttributes) {
  const FilesInPlace files = staged();
  std::filesystem::rename(content(), site() / "htdocs/moved");
  for (const char* name : {"wp-content/plugins", "wp-content/themes", "wp-content/uploads"}) {
    std::filesystem::create_directories(site() / "htdocs" / name);
  }
  EXPECT_THROW(files.forward(), Error);
  struct stat status {};
  ASSERT_EQ(::stat(content().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
}

TEST_F(HostileMounts, StageInTheMountMovedAway_IsFoundMissing) {
  FilesInPlace files = staged();
  const std::filesystem::path stage = content() / "uploads" / files.exchange().stage;
  const FileExchange exchange = files.exchange();
  std::filesystem::rename(stage, content() / "uploads/mine");
  std::filesystem::create_directory(stage);
  const FilesInPlace again = FilesInPlace::open(site(), exchange);
  try {
    again.forward();
    FAIL() << "it was exchanged";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rollback_failed);
  }
  EXPECT_EQ(text("htdocs/index.php"), "<?php // since");
}

TEST_F(HostileMounts, WhatCameWhileItWasPrepared_IsDisplacedToo) {
  FilesInPlace files = staged();
  write("htdocs/wp-content/uploads/2026/late.jpg", "late");
  write("htdocs/late.php", "late");
  files.refresh();
  files.forward();
  EXPECT_EQ(facts(), in_backup_);
}

TEST_F(HostileMounts, LinksThatComeAndGoAllTheTime_LeadNowhere) {
  const std::filesystem::path decoy = site() / "htdocs/decoy";
  std::filesystem::create_directory_symlink(folder_ / "precious", decoy);
  for (int round = 0; round < 10; ++round) {
    std::atomic<bool> over{false};
    std::atomic<unsigned> swaps{0};
    std::thread hostile([&] {
      for (; !over; ++swaps) ::renameat2(AT_FDCWD, content().c_str(), AT_FDCWD, decoy.c_str(), RENAME_EXCHANGE);
    });
    while (swaps == 0) std::this_thread::yield();
    try {
      static_cast<void>(restore());
    } catch (const Error&) {  // whatever came of it
    }
    try {
      if (service().pending_restore("example.com")) service().abort_restore("example.com");
    } catch (const Error&) {
    }
    over = true;
    hostile.join();
    expect_precious_untouched();
    if (::testing::Test::HasFailure() || service().pending_restore("example.com")) break;
  }
}

}  // namespace
}  // namespace wobackup
