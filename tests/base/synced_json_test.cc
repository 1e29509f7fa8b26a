// Files that must be written also when the disk is full.
#include "base/synced_json.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "fakes/private_mounts.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

class SyncedJsonTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kLimit = std::size_t{4} << 20U;

  SyncedJson file() const { return {folder_ / "disk/state/a.json", kLimit}; }
  /// A disk of 64 MiB of its own, at disk/.
  bool has_disk() {
    if (!mounts_.allowed() || !mounts_.tmpfs(folder_ / "disk")) return false;
    std::filesystem::create_directory(folder_ / "disk/state");
    return true;
  }
  void fill() const {
    for (const std::size_t piece : {std::size_t{1} << 20U, std::size_t{4096}, std::size_t{1}}) {
      std::ofstream filler(folder_ / "disk/filler", std::ios::app);
      const std::string bytes(piece, 'x');
      while (filler.write(bytes.data(), static_cast<std::streamsize>(piece)).flush()) {
      }
    }
    std::ofstream more(folder_ / "disk/more");
    ASSERT_FALSE(more.put('x').flush());
  }
  test::ScratchFolder folder_;
  test::PrivateMounts mounts_;
};

TEST_F(SyncedJsonTest, FullDisk_HoldsUpNothingThatWasSavedOnce) {
  if (!has_disk()) GTEST_SKIP() << "needs mounts";
  file().save({{"round", -1}});
  ASSERT_NO_FATAL_FAILURE(fill());
  for (int round = 0; round < 10; ++round) {
    file().save({{"round", round}, {"text", std::string(static_cast<std::size_t>(round) * 1000, 'a')}});
    EXPECT_EQ(file().load()->at("round"), round);
  }
  EXPECT_EQ(file().load()->at("text"), std::string(9000, 'a'));
  file().save({{"round", 10}});
  EXPECT_EQ(*file().load(), (Json{{"round", 10}}));
  file().remove();
  EXPECT_FALSE(file().load());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "disk/state"));
}

TEST_F(SyncedJsonTest, WhatDoesNotFit_LeavesWhatWasThere) {
  if (!has_disk()) GTEST_SKIP() << "needs mounts";
  file().save({{"round", 1}});
  ASSERT_NO_FATAL_FAILURE(fill());
  test::refusal([&] { file().save({{"text", std::string(1'000'000, 'a')}}); }, ErrorKind::no_space);
  EXPECT_EQ(*file().load(), (Json{{"round", 1}}));
  file().save({{"round", 2}});
  EXPECT_EQ(*file().load(), (Json{{"round", 2}}));
}

// The first one is either there with its room, or not at all.
TEST_F(SyncedJsonTest, FirstOneWithoutRoom_LeavesNothing) {
  if (!has_disk()) GTEST_SKIP() << "needs mounts";
  ASSERT_NO_FATAL_FAILURE(fill());
  test::refusal([&] { file().save({{"round", 1}}); }, ErrorKind::no_space);
  EXPECT_FALSE(file().load());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "disk/state"));
}

TEST_F(SyncedJsonTest, ReadWhileItIsWritten_IsWholeAlways) {
  std::filesystem::create_directories(folder_ / "disk/state");
  const std::string text(200'000, 'a');
  file().save({{"round", 0}, {"text", text}});
  std::jthread writer([&](const std::stop_token& stop) {
    for (int round = 1; !stop.stop_requested(); ++round) file().save({{"round", round}, {"text", text}});
  });
  for (int round = 0; round < 300; ++round) {
    const std::optional<Json> json = file().load();  // throws for what is torn
    ASSERT_TRUE(json);
    EXPECT_EQ(json->at("text"), text);
  }
}

}  // namespace
}  // namespace wobackup
