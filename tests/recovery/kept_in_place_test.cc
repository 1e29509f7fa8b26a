// Restores in place leave alone what the backup has left out.
#include <gtest/gtest.h>

#include "recovery/site_in_place.h"

namespace wobackup {
namespace {

class KeptInPlace : public test::SiteInPlace {
 protected:
  static bool notes_have(const RestoredInPlace& restored, const std::string& text) {
    return std::any_of(restored.notes.begin(), restored.notes.end(),
                       [&](const std::string& note) { return note.find(text) != std::string::npos; });
  }
};

TEST_F(KeptInPlace, ExcludedPaths_StayAsTheyAre) {
  write("htdocs/debug.log", "then");
  write("htdocs/wp-content/big/file", "then");
  back_up({.exclude = {"*.log", "htdocs/wp-content/big/"}});
  write("htdocs/debug.log", "now");
  write("htdocs/wp-content/big/file", "now");
  write("htdocs/wp-content/plugins/evil/evil.log", "now");
  change();
  const RestoredInPlace restored = restore();
  EXPECT_EQ(restored.exchanged, (std::vector<std::string>{"htdocs", "wp-config.php"}));
  EXPECT_TRUE(notes_have(restored, "htdocs/debug.log was kept"));
  EXPECT_TRUE(notes_have(restored, "htdocs/wp-content/big was kept"));
  std::map<std::string, std::string> expected = in_backup_;
  for (const char* path : {"htdocs/debug.log", "htdocs/wp-content/big", "htdocs/wp-content/big/file",
                           "htdocs/wp-content/plugins/evil", "htdocs/wp-content/plugins/evil/evil.log"}) {
    expected[path] = live_.at(path);  // the folder of a path that is kept, too
  }
  EXPECT_EQ(facts(), expected);
  undo();
  EXPECT_EQ(facts(), live_);
  EXPECT_FALSE(has_stage());
}

TEST_F(KeptInPlace, ExcludedBySettings_StayAsTheyAre) {
  config_.exclude = {"cache"};
  config_.site["example.com"].exclude = {"/htdocs/debug.log"};
  write("htdocs/debug.log", "then");
  write("htdocs/wp-content/cache/page.html", "then");
  back_up();
  write("htdocs/debug.log", "now");
  write("htdocs/wp-content/cache/page.html", "now");
  change();
  config_.exclude.clear();  // what counts is what the backup has left out
  config_.site["example.com"].exclude.clear();
  static_cast<void>(restore());
  EXPECT_EQ(text("htdocs/debug.log"), "now");
  EXPECT_EQ(text("htdocs/wp-content/cache/page.html"), "now");
  EXPECT_EQ(text("htdocs/index.php"), "<?php // old");
}

TEST_F(KeptInPlace, Caches_StayIfTheyWereSomeThen) {
  constexpr const char* kTag = "Signature: 8a477f597d28d172789f06886806bc55";
  write("htdocs/wp-content/cache/page.html", "then");
  write("htdocs/tmp/CACHEDIR.TAG", kTag);
  back_up({.exclude_caches = true});
  write("htdocs/wp-content/cache/page.html", "now");
  write("htdocs/tmp/file", "now");
  // A hacked site calls its backdoor a cache.
  write("htdocs/wp-content/plugins/evil/CACHEDIR.TAG", kTag);
  write("htdocs/wp-content/plugins/shop/CACHEDIR.TAG", kTag);
  change();
  static_cast<void>(restore());
  EXPECT_EQ(text("htdocs/wp-content/cache/page.html"), "now");
  EXPECT_EQ(text("htdocs/tmp/file"), "now");
  EXPECT_FALSE(has("htdocs/wp-content/plugins/evil"));
  EXPECT_EQ(text("htdocs/wp-content/plugins/shop/shop.php"), "old");
  undo();
  EXPECT_EQ(facts(), live_);
}

TEST_F(KeptInPlace, ExcludedNameThatTheBackupHas_IsExchanged) {
  back_up({.exclude = {"wp-config.php", "htdocs/new/*.log"}});  // config files are stored all the same
  write("htdocs/new/a.log", "now");
  change();
  static_cast<void>(restore());
  EXPECT_EQ(text("wp-config.php"), "<?php // old");
  EXPECT_EQ(text("htdocs/new/a.log"), "now");
}

TEST_F(KeptInPlace, BackupHasAFileInTheWay_EverythingIsDisplaced) {
  write("htdocs/new", "a file then");
  back_up({.exclude = {"*.log"}});
  std::filesystem::remove(site() / "htdocs/new");
  write("htdocs/new/a.log", "now");
  change();
  static_cast<void>(restore());
  EXPECT_EQ(facts(), in_backup_);
  const std::filesystem::path archive = service().finish_restore(the_site());
  static_cast<void>(service().restore(archive, {.target = folder_ / "displaced"}));
  EXPECT_EQ(test::text_of_file(folder_ / "displaced/htdocs/new/a.log"), "now");
}

TEST_F(KeptInPlace, WhatIsDisplaced_IsArchivedWhateverTheSettingsExclude) {
  write("htdocs/debug.log", "then");
  back_up();
  write("htdocs/debug.log", "now");
  write("htdocs/wp-content/cache/page.html", "now");
  change();
  config_.exclude = {"*.log"};
  config_.exclude_caches = true;
  there_and_finished();
}

TEST_F(KeptInPlace, FolderNextToTheSite_IsArchivedThoughTheSettingsForgotIt) {
  config_.site["example.com"].include = {"conf"};
  write("conf/nginx.conf", "then");
  back_up();
  write("conf/nginx.conf", "now");
  change();
  config_.site["example.com"].include.clear();
  there_and_finished();
}

TEST_F(KeptInPlace, KilledAtAnyMoment_IsBeforeOrAfterWithOneCommand) {
  write("htdocs/debug.log", "always");
  write("htdocs/wp-content/uploads/2024/debug.log", "always");
  for (int i = 0; i < 60; ++i) write("htdocs/f" + std::to_string(i), std::string(1000, 'a'));
  back_up({.exclude = {"*.log"}});
  for (int i = 0; i < 60; ++i) write("htdocs/g" + std::to_string(i), "b");
  change();
  killed_at_any_moment(25);
}

}  // namespace
}  // namespace wobackup
