// As whom a site's code runs.
#include "wordpress/site_user.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "wordpress/php_run.h"

namespace wobackup {
namespace {

class SiteUserTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    std::filesystem::create_directory(htdocs());
  }
  [[nodiscard]] std::filesystem::path htdocs() const { return site_ / "htdocs"; }
  static UniqueFd opened(const std::filesystem::path& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  void give(unsigned site_uid, unsigned uid, unsigned gid) const {
    ASSERT_EQ(::chown(site_.path().c_str(), site_uid, site_uid), 0);
    ASSERT_EQ(::chown(htdocs().c_str(), uid, gid), 0);
  }
  [[nodiscard]] SiteUser user() const {
    return site_user(opened(htdocs()).get(), opened(site_.path()).get(), "a.example");
  }
  [[nodiscard]] std::string refusal() const {
    return test::refusal([&] { (void)user(); }, ErrorKind::failed);
  }

  test::ScratchFolder site_;
};

// The group of the files says nothing: an archive that was restored may have named any.
TEST_F(SiteUserTest, OwnerOfHtdocsAndItsOwnGroup) {
  for (const unsigned gid : {33U, 42U, 6U, 0U}) {
    give(33, 33, gid);
    EXPECT_EQ(user().uid, 33U);
    EXPECT_EQ(user().gid, 33U);
  }
  give(0, 33, 33);
  EXPECT_EQ(user().uid, 33U);
}

TEST_F(SiteUserTest, Root_IsRefused) {
  give(0, 0, 0);
  EXPECT_EQ(refusal(), "a.example: htdocs belongs to root, and no site's code is run as root");
}

TEST_F(SiteUserTest, HtdocsOfYetAnotherUser_IsRefused) {
  give(33, 65534, 65534);
  EXPECT_NE(refusal().find("htdocs belongs to user 65534, but the site's folder to user 33"), std::string::npos);
}

TEST_F(SiteUserTest, SystemAccountsAndStrangers_AreRefused) {
  give(0, 1, 1);
  EXPECT_NE(refusal().find("the system's daemon"), std::string::npos);
  give(0, 65534, 65534);
  EXPECT_NE(refusal().find("the system's nobody"), std::string::npos);
  give(0, 4242424, 33);
  EXPECT_NE(refusal().find("whom this system does not know"), std::string::npos);
}

TEST(FindPhp, VersionOfTheRegistry_IsPreferredAndItsAbsenceSaid) {
  const test::ScratchFolder folder;
  for (const char* name : {"php", "php8.3"}) {
    std::filesystem::permissions(folder.write(name, "#!/bin/sh\n"), std::filesystem::perms::all);
  }
  const std::string before = ::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  EXPECT_EQ(find_php(std::nullopt, "8.3").path, folder / "php8.3");
  EXPECT_EQ(find_php(std::nullopt, "8.3").remark, "");
  EXPECT_EQ(find_php(std::nullopt, "8.4").path, folder / "php");
  EXPECT_NE(find_php(std::nullopt, "8.4").remark, "");
  EXPECT_EQ(find_php(std::nullopt, "../php").path, folder / "php");
  EXPECT_EQ(find_php(folder / "php8.3", "8.4").path, folder / "php8.3");
  EXPECT_NE(test::refusal([&] { (void)find_php(folder / "none", "8.3"); }, ErrorKind::not_found), "");
  ::setenv("PATH", before.c_str(), 1);
}

}  // namespace
}  // namespace wobackup
