// Restores in place: there, back, and killed at any moment.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakes/forged_tar.h"
#include "fakes/refusal.h"
#include "recovery/site_in_place.h"

namespace wobackup {
namespace {

class InPlaceTest : public test::SiteInPlace {
 protected:
  InPlaceTest() {
    for (std::size_t i = 0; i < 200; ++i) write("htdocs/f" + std::to_string(i), std::string(1000 * (i % 7), 'a'));
    write("htdocs/uploads/old.jpg", "old");
    write("wp-config.php", "<?php // old");
    archive_ = service().create(the_site(), {}).archive;
    in_backup_ = facts();
    write("htdocs/index.php", "<?php // since");
    write("htdocs/uploads/new.jpg", "new");
    std::filesystem::remove(site() / "htdocs/f7");
    write("wp-config.php", "<?php // new");
    live_ = facts();
  }
};

TEST_F(InPlaceTest, ThereAndBack) {
  ASSERT_NE(in_backup_, live_);
  const RestoredInPlace restored = restore();
  EXPECT_EQ(restored.exchanged, (std::vector<std::string>{"htdocs", "wp-config.php"}));
  EXPECT_EQ(facts(), in_backup_);
  const auto pending = service().pending_restore("example.com");
  ASSERT_TRUE(pending);
  EXPECT_FALSE(pending->interrupted);
  undo();
  EXPECT_EQ(facts(), live_);
  EXPECT_FALSE(has_stage());
  EXPECT_FALSE(service().pending_restore("example.com"));
}

TEST_F(InPlaceTest, Finish_ArchivesWhatWasDisplaced) {
  static_cast<void>(restore());
  const std::filesystem::path archive = service().finish_restore(the_site());
  EXPECT_FALSE(has_stage());
  EXPECT_FALSE(service().pending_restore("example.com"));
  EXPECT_EQ(facts(), in_backup_);
  EXPECT_EQ(service().info(archive)["backup_reason"], "pre-restore");
  static_cast<void>(service().restore(archive, {.target = folder_ / "displaced", .exclude = {"vhost.json"}}));
  EXPECT_EQ(test::facts_of(folder_ / "displaced"), live_);
}

TEST_F(InPlaceTest, NextRestore_FinishesTheOneBefore) {
  static_cast<void>(restore());
  write("htdocs/index.php", "third");
  static_cast<void>(restore());
  EXPECT_EQ(facts(), in_backup_);
  EXPECT_EQ(service().list("example.com").size(), 2U);
  undo();
  EXPECT_EQ(test::text_of_file(site() / "htdocs/index.php"), "third");
}

TEST_F(InPlaceTest, OneFolder_LeavesTheRest) {
  EXPECT_EQ(restore({.include = {"htdocs/uploads/"}}).exchanged, (std::vector<std::string>{"htdocs/uploads"}));
  EXPECT_FALSE(std::filesystem::exists(site() / "htdocs/uploads/new.jpg"));
  EXPECT_EQ(test::text_of_file(site() / "htdocs/index.php"), "<?php // since");
  EXPECT_EQ(test::text_of_file(site() / "wp-config.php"), "<?php // new");
  undo();
  EXPECT_EQ(facts(), live_);
}

// What was displaced is no backup of the site: the rest was never in it.
TEST_F(InPlaceTest, ArchiveOfAPart_ReplacesThatPartAlone) {
  static_cast<void>(restore({.include = {"htdocs/uploads/", "wp-config.php"}}));
  const auto restored = facts();
  const std::filesystem::path before = service().finish_restore(the_site());
  const auto part = service().origin(before).part;
  ASSERT_TRUE(part);
  EXPECT_EQ(part->paths, (std::vector<std::string>{"htdocs/uploads", "wp-config.php"}));
  EXPECT_TRUE(part->tables.empty());
  EXPECT_FALSE(service().origin(archive_).part);

  static_cast<void>(service().restore_in_place(the_site(), before, {}));
  EXPECT_EQ(facts(), live_);
  service().undo_restore("example.com");
  EXPECT_EQ(facts(), restored);
  const std::filesystem::path undone = service().finish_restore(the_site());  // and of an undo
  static_cast<void>(service().restore_in_place(the_site(), undone, {}));
  EXPECT_EQ(facts(), live_);
  undo();
  static_cast<void>(service().restore_in_place(the_site(), before, {.include = {"htdocs/uploads/new.jpg"}}));
  EXPECT_EQ(text("htdocs/uploads/new.jpg"), "new");
  EXPECT_EQ(text("htdocs/uploads/old.jpg"), "old");
  undo();
  EXPECT_EQ(facts(), restored);
}

TEST_F(InPlaceTest, ArchiveOfAPart_IsRefusedForMore) {
  std::filesystem::create_directory(site() / "htdocs/it's");
  write("htdocs/it's/here", "x");
  archive_ = service().create(the_site(), {}).archive;
  write("htdocs/new/file", "x");
  static_cast<void>(restore({.include = {"htdocs/it's", "htdocs/uploads"}}));
  const std::filesystem::path before = service().finish_restore(the_site());
  const auto now = facts();
  const auto hint = [&](const InPlaceOptions& options) -> std::string {
    try {
      static_cast<void>(service().restore_in_place(the_site(), before, options));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << error.message();
      return error.hint();
    }
    return "restored";
  };
  const std::string right = R"(what can be put back in place: --include 'htdocs/it'\''s' --include htdocs/uploads)";
  EXPECT_EQ(hint({.include = {"htdocs"}}), right);
  EXPECT_EQ(hint({.include = {"htdocs/uploads", "htdocs/new"}}), right);
  EXPECT_EQ(hint({.files = false}), right);
  EXPECT_EQ(hint({.tables = {"wp_posts"}}), right);
  EXPECT_EQ(facts(), now);
  EXPECT_FALSE(service().pending_restore("example.com"));
}

TEST_F(InPlaceTest, ArchiveOfAPartThatWasNotThere_PutsNothingBack) {
  std::filesystem::remove_all(site() / "htdocs/uploads");
  static_cast<void>(restore({.include = {"htdocs/uploads"}}));
  const auto now = facts();
  const std::filesystem::path nothing = service().finish_restore(the_site());
  ASSERT_FALSE(nothing.empty());
  const auto again = [&] { static_cast<void>(service().restore_in_place(the_site(), nothing, {})); };
  EXPECT_NE(test::refusal(again, ErrorKind::usage).find("holds only what a restore"), std::string::npos);
  EXPECT_EQ(facts(), now);
}

TEST_F(InPlaceTest, MissingFoldersAboveAPath_ComeWithIt) {
  std::filesystem::remove_all(site() / "htdocs/uploads");
  live_ = facts();
  static_cast<void>(restore({.include = {"htdocs/uploads/old.jpg"}}));
  EXPECT_EQ(test::text_of_file(site() / "htdocs/uploads/old.jpg"), "old");
  EXPECT_EQ(facts().at("htdocs/uploads"), in_backup_.at("htdocs/uploads"));
  undo();
  EXPECT_EQ(facts(), live_);
}

TEST_F(InPlaceTest, ALinkAboveAPath_IsRefusedWithItsName) {
  std::filesystem::rename(site() / "htdocs/uploads", site() / "elsewhere");
  std::filesystem::create_directory_symlink(site() / "elsewhere", site() / "htdocs/uploads");
  try {
    static_cast<void>(restore({.include = {"htdocs/uploads/old.jpg"}}));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("htdocs/uploads is no folder"), std::string::npos) << error.message();
    EXPECT_NE(error.hint().find("--target"), std::string::npos);
  }
  EXPECT_FALSE(has_stage());
}

TEST_F(InPlaceTest, MissingSite_IsMadeAsItsOwnersCanReachIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chown((site() / "htdocs").c_str(), 33, 33), 0);
  archive_ = service().create(the_site(), {}).archive;
  std::filesystem::remove_all(site());
  const mode_t before = ::umask(077);
  static_cast<void>(restore());
  ::umask(before);
  struct stat folder {
  }, htdocs{};
  ASSERT_EQ(::stat(site().c_str(), &folder), 0);
  ASSERT_EQ(::stat((site() / "htdocs").c_str(), &htdocs), 0);
  EXPECT_EQ(folder.st_mode & 07777U, 0755U);
  EXPECT_EQ(folder.st_uid, htdocs.st_uid);
  EXPECT_EQ(folder.st_uid, 33U);
}

TEST_F(InPlaceTest, BlockedMaintenance_NeverStopsTheWayBack) {
  write("htdocs/wp-load.php", "<?php");
  live_ = facts();
  static_cast<void>(restore());
  write("htdocs/wp-load.php", "<?php");
  std::filesystem::create_directory(site() / "htdocs/.maintenance");
  service().undo_restore("example.com");
  EXPECT_EQ(facts(), live_);
}

TEST_F(InPlaceTest, LostStage_IsGivenUpWithDiscard) {
  static_cast<void>(restore());
  for (const auto& item : std::filesystem::directory_iterator(site())) {
    if (item.path().filename().string().starts_with(".wobackup")) std::filesystem::remove_all(item.path());
  }
  EXPECT_THROW(service().undo_restore("example.com"), Error);
  EXPECT_THROW(static_cast<void>(service().finish_restore(the_site())), Error);
  EXPECT_TRUE(service().finish_restore(the_site(), true).empty());
  EXPECT_FALSE(service().pending_restore("example.com"));
  EXPECT_EQ(facts(), in_backup_);
  static_cast<void>(restore());
  undo();
  EXPECT_EQ(facts(), in_backup_);
}

TEST_F(InPlaceTest, LeftoversOfKilledRuns_AreSwept) {
  std::filesystem::create_directories(site() / ".wobackup-restore-12/.one");
  std::filesystem::create_directories(config_.state_dir / "restores");
  test::write_file(config_.state_dir / "restores/.example.com.json.a1B2c3", test::bytes_of_file(archive_));
  std::filesystem::create_directories(site() / ".wobackup-restore-13/keep");
  static_cast<void>(restore());
  EXPECT_FALSE(std::filesystem::exists(site() / ".wobackup-restore-12"));
  EXPECT_TRUE(std::filesystem::exists(site() / ".wobackup-restore-13"));
  EXPECT_FALSE(std::filesystem::exists(config_.state_dir / "restores/.example.com.json.a1B2c3"));
  undo();
}

TEST_F(InPlaceTest, DamagedOrChangedArchive_TouchesNothing) {
  ByteVector bytes = test::bytes_of_file(archive_);
  bytes[bytes.size() / 3] ^= std::byte{1};
  test::write_file(archive_, bytes);
  EXPECT_THROW(static_cast<void>(restore()), Error);
  EXPECT_EQ(facts(), live_);
  EXPECT_FALSE(has_stage());
  EXPECT_FALSE(service().pending_restore("example.com"));
}

TEST_F(InPlaceTest, PlainTarInTheArchivesPlace_IsTakenOnlyIfThatIsMeant) {
  test::forge(archive_, "example.com");
  EXPECT_TRUE(test::refuses([&] { static_cast<void>(restore()); }, "is not the archive that was made here"));
  const std::filesystem::path roundabout = archive_.parent_path() / "." / archive_.filename();
  EXPECT_TRUE(test::refuses([&] { static_cast<void>(service().restore_in_place(the_site(), roundabout, {})); },
                            "is not the archive that was made here"));
  EXPECT_EQ(facts(), live_);
  EXPECT_FALSE(service().pending_restore("example.com"));
  static_cast<void>(restore({.accept_changed = true}));
  EXPECT_EQ(text("htdocs/index.php"), "forged");
  undo();
  EXPECT_EQ(facts(), live_);
}

TEST_F(InPlaceTest, AnotherSitesArchiveInItsPlace_IsRefused) {
  config_.site["other.example"].path = folder_ / "www/other.example";
  config_.site["other.example"].type = "php";
  folder_.write("www/other.example/htdocs/index.php", "other");
  const std::filesystem::path other = service().create(service().site("other.example"), {}).archive;
  std::filesystem::copy_file(other, archive_, std::filesystem::copy_options::overwrite_existing);
  InPlaceOptions options;
  options.other_site = true;
  EXPECT_TRUE(test::refuses([&] { static_cast<void>(restore(options)); }, "is not the archive that was made here"));
  EXPECT_EQ(facts(), live_);
}

TEST_F(InPlaceTest, Cancelled_TouchesNothing) {
  EXPECT_THROW(static_cast<void>(restore({.cancelled = [] { return true; }})), Error);
  EXPECT_EQ(facts(), live_);
  EXPECT_FALSE(has_stage());
}

TEST_F(InPlaceTest, WithoutARestore_ThereIsNothingToTakeBack) {
  for (const auto& way : {&Service::undo_restore, &Service::resume_restore, &Service::abort_restore}) {
    Service one = service();
    try {
      (one.*way)("example.com", {});
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::not_found);
    }
  }
}

TEST_F(InPlaceTest, KilledAtAnyMoment_IsBeforeOrAfterWithOneCommand) { killed_at_any_moment(25); }

}  // namespace
}  // namespace wobackup
