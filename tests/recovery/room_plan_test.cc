#include "recovery/room_plan.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "fakes/private_mounts.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

UniqueFd opened(const std::filesystem::path& folder) {
  return UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// Disks of 64 MiB that nobody else writes to.
class RoomPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!mounts_.allowed()) GTEST_SKIP() << "mounting is not permitted";
    ASSERT_TRUE(mounts_.tmpfs(folder_ / "a"));
    ASSERT_TRUE(mounts_.tmpfs(folder_ / "b"));
    std::filesystem::create_directories(folder_ / "a/htdocs");
    std::filesystem::create_directories(folder_ / "a/mysql");
    config_.min_free_bytes = 10 * kMiB;
  }
  void add(const std::string& folder, std::uint64_t bytes) {
    plan_.add(opened(folder_ / folder).get(), folder_ / folder, bytes);
  }

  test::ScratchFolder folder_;
  test::PrivateMounts mounts_;
  Config config_;
  RoomPlan plan_;
};

TEST_F(RoomPlanTest, OneDisk_TakesTheSumOfAll) {
  add("a/htdocs", 30 * kMiB);
  plan_.require(config_);
  add("a/mysql", 30 * kMiB);
  const std::string refusal = test::refusal([&] { plan_.require(config_); }, ErrorKind::no_space);
  EXPECT_NE(refusal.find("a/htdocs"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("60.0 MiB"), std::string::npos) << refusal;
}

TEST_F(RoomPlanTest, TwoDisks_TakeTheirOwn) {
  add("a/htdocs", 50 * kMiB);
  add("b", 50 * kMiB);
  plan_.require(config_);
  add("b", 5 * kMiB);
  const std::string refusal = test::refusal([&] { plan_.require(config_); }, ErrorKind::no_space);
  EXPECT_NE(refusal.find("/b:"), std::string::npos) << refusal;
}

TEST_F(RoomPlanTest, NothingPlanned_NeedsNothing) { plan_.require(config_); }

}  // namespace
}  // namespace wobackup
