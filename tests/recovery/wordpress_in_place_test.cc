// A real WordPress is destroyed, restored, taken back.
#include <sys/stat.h>
#include <unistd.h>

#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/web_server.h"
#include "recovery/live_wordpress.h"

namespace wobackup {
namespace {

using test::LiveWordPressTest;

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_FALSE(error.message().empty());
    std::printf("%s\n  hint: %s\n", error.message().c_str(), error.hint().c_str());
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::failed;
}

TEST_F(LiveWordPressTest, ThereAndBack) {
  const RestoredInPlace restored = restore();
  EXPECT_EQ(files(), files_then_);
  EXPECT_EQ(differences_from(database_then_), "");
  EXPECT_TRUE(restored.wordpress) << "WordPress was not tried";
  for (const std::string& note : restored.notes) {
    EXPECT_EQ(note.find("DEFINER"), std::string::npos) << "all was the site's user's: " << note;
  }
  EXPECT_EQ(restored.database, "wp");
  EXPECT_GT(restored.rows, 50U);
  undo();
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
  EXPECT_EQ(leftovers(), "");
}

TEST_F(LiveWordPressTest, Destroyed_ComesBackIdentical) {
  test::run_in("/", {"rm", "-rf", (live().site() / "htdocs").string(), (live().site() / "wp-config.php").string()});
  live().server().run("", "DROP DATABASE wp");
  const RestoredInPlace restored = restore();
  EXPECT_EQ(files(), files_then_);
  EXPECT_EQ(differences_from(database_then_), "");
  EXPECT_TRUE(restored.wordpress);
  static_cast<void>(service().finish_restore(the_site()));
  EXPECT_EQ(leftovers(), "");
}

// Whoever makes an archive chooses the owners in it: nothing is run as one of them.
TEST_F(LiveWordPressTest, AnotherOwnerInTheArchive_RunsNothing) {
  const auto proof = folder_ / "proof";
  std::filesystem::create_directory(proof);
  ::chmod(proof.c_str(), 0777);
  ::chmod(folder_.path().c_str(), 0711);
  const auto plugin = live().htdocs() / "wp-content/mu-plugins/proof.php";
  std::ofstream(plugin) << "<?php touch('" << proof.string() << "/ran-as-' . posix_getuid() . '-' . posix_getgid());";
  ASSERT_EQ(::chown(live().site().c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(live().htdocs().c_str(), 65534, 42), 0);
  archive_ = service().create(the_site(), {.type = BackupType::files}).archive;
  ASSERT_EQ(::chown(live().htdocs().c_str(), 33, 33), 0);
  std::filesystem::remove(plugin);
  const RestoredInPlace restored = restore();
  EXPECT_FALSE(restored.wordpress);
  std::string notes;
  for (const std::string& note : restored.notes) notes += note + "\n";
  EXPECT_NE(notes.find("htdocs belonged to user 33 before, and to user 65534 now"), std::string::npos) << notes;
  EXPECT_TRUE(std::filesystem::is_empty(proof));
  undo();
  ASSERT_EQ(::chown(live().site().c_str(), 33, 33), 0);
  EXPECT_TRUE(std::filesystem::is_empty(proof));
}

TEST_F(LiveWordPressTest, Finish_ArchivesWhatWasDisplaced) {
  static_cast<void>(restore());
  archive_ = service().finish_restore(the_site());
  EXPECT_EQ(leftovers(), "");
  EXPECT_EQ(service().info(archive_)["backup_reason"], "pre-restore");
  // Switched off while they were kept, and in the dump as they were.
  std::string dumped;
  service().dump(archive_, {.path = "", .table = "awake", .database = false},
                 [&](auto bytes) { dumped += text_of(bytes); });
  EXPECT_NE(dumped.find("PRESERVE ENABLE DO"), std::string::npos) << dumped;
  static_cast<void>(restore());
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
}

TEST_F(LiveWordPressTest, WhatWasWrittenSince_IsArchivedByAnUndo) {
  static_cast<void>(restore());
  sql("INSERT INTO words VALUES (99, 'an order')");
  std::ofstream(live().htdocs() / "wp-content/uploads/new.jpg") << "new";
  service().undo_restore("wp.example");
  EXPECT_EQ(differences_from(database_now_), "");
  EXPECT_TRUE(service().pending_restore("wp.example")->undone);
  EXPECT_EQ(kind_of([this] { service().undo_restore("wp.example"); }), ErrorKind::not_found);
  const std::filesystem::path archive = service().finish_restore(the_site());
  EXPECT_EQ(leftovers(), "");
  EXPECT_EQ(service().info(archive)["backup_reason"], "pre-undo");
  const auto dumped = [&](const DumpOptions& options) {
    std::string text;
    service().dump(archive, options, [&](auto bytes) { text += text_of(bytes); });
    return text;
  };
  DumpOptions words, upload;
  words.table = "words";
  upload.path = "htdocs/wp-content/uploads/new.jpg";
  EXPECT_NE(dumped(words).find("an order"), std::string::npos);
  EXPECT_EQ(dumped(upload), "new");
}

// The front page is asked for when the maintenance is over.
TEST_F(LiveWordPressTest, FrontPageThatBreaks_TakesEverythingBack) {
  const std::filesystem::path sign = live().htdocs() / "sign.php";  // not in the backup
  std::ofstream(sign) << "<?php";
  files_now_ = files();
  const test::WebServer web([&](const std::string&) {
    const bool broken = !std::filesystem::exists(sign);
    return test::WebServer::page(broken ? "<p>There has been a critical error on this website.</p>" : "fine",
                                 broken ? "500 Internal Server Error" : "200 OK");
  });
  config_.server.http_check = true;
  config_.server.http_port = web.port();
  EXPECT_EQ(kind_of([this] { static_cast<void>(restore()); }), ErrorKind::rolled_back);
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
  EXPECT_EQ(leftovers(), "");
  std::filesystem::remove(sign);
  ASSERT_EQ(web.requests().size(), 2U);
  EXPECT_NE(web.requests().back().find("Host: wp.example"), std::string::npos);
}

TEST_F(LiveWordPressTest, FrontPageThatRuns_IsReported) {
  const test::WebServer web([&](const std::string&) { return test::WebServer::page("fine"); });
  config_.server.http_check = true;
  config_.server.http_port = web.port();
  EXPECT_EQ(restore().http_status, 200);
  undo();
}

TEST_F(LiveWordPressTest, OneTable_LeavesTheRest) {
  const auto refused = [this](const std::string& table) -> std::string {
    try {
      static_cast<void>(restore({.tables = {table}}));
    } catch (const Error& error) {
      EXPECT_FALSE(service().pending_restore("wp.example")) << "before anything was begun";
      return error.message();
    }
    return "";
  };
  EXPECT_NE(refused("nope").find("no table nope"), std::string::npos) << refused("nope");
  EXPECT_NE(refused("child").find("foreign key"), std::string::npos) << refused("child");
  const RestoredInPlace restored = restore({.tables = {"words"}});
  EXPECT_EQ(restored.tables, 1U);
  EXPECT_EQ(files(), files_now_);
  const std::string now = database();
  EXPECT_NE(now.find("a needle in the hay"), std::string::npos);
  EXPECT_NE(now.find("'since'"), std::string::npos);
  undo();
  EXPECT_EQ(differences_from(database_now_), "");
  EXPECT_EQ(leftovers(), "");
}

TEST_F(LiveWordPressTest, ArchiveOfATable_ReplacesThatTableAlone) {
  static_cast<void>(restore({.tables = {"words"}}));
  const std::filesystem::path before = service().finish_restore(the_site());
  const std::string restored = database();
  const auto part = service().origin(before).part;
  ASSERT_TRUE(part);
  EXPECT_EQ(part->tables, std::vector<std::string>{"words"});
  const auto more = [&] { static_cast<void>(service().restore_in_place(the_site(), before, {.tables = {"child"}})); };
  EXPECT_NE(test::refusal(more, ErrorKind::usage).find("not all of child"), std::string::npos);
  EXPECT_EQ(service().restore_in_place(the_site(), before, {}).tables, 1U);
  EXPECT_EQ(differences_from(database_now_), "");
  EXPECT_EQ(files(), files_now_);
  service().undo_restore("wp.example");
  const std::filesystem::path undone = service().finish_restore(the_site());
  EXPECT_EQ(differences_from(restored), "");
  EXPECT_EQ(service().restore_in_place(the_site(), undone, {}).tables, 1U);
  EXPECT_EQ(differences_from(database_now_), "");
  undo();
}

TEST_F(LiveWordPressTest, DatabaseAlone_LeavesTheFiles) {
  static_cast<void>(restore({.files = false}));
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_then_), "");
  undo();
  EXPECT_EQ(differences_from(database_now_), "");
}

// Its SQL runs as much as its files would.
TEST_F(LiveWordPressTest, TablesThatTheBackupDoesNotHave_AreNamed) {
  const RestoredInPlace restored = restore({.files = false});
  EXPECT_NE(std::find(restored.notes.begin(), restored.notes.end(),
                      "1 table of the database is not in the backup and was displaced: since"),
            restored.notes.end());
  undo();
  for (const std::string& note : restore({.tables = {"words"}}).notes) {
    EXPECT_EQ(note.find("displaced"), std::string::npos) << note;
  }
  undo();
}

TEST_F(LiveWordPressTest, DatabaseOfAStrangersArchive_IsWarnedOf) {
  std::string warnings;
  log_ = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) warnings += std::string(text) + "\n";
  };
  static_cast<void>(restore({.files = false}));
  undo();
  EXPECT_EQ(warnings, "");
  const std::filesystem::path copy = folder_ / archive_.filename();
  std::filesystem::copy_file(archive_, copy);
  for (const InPlaceOptions& options : {InPlaceOptions{.files = false}, InPlaceOptions{.tables = {"words"}}}) {
    warnings.clear();
    static_cast<void>(service().restore_in_place(the_site(), copy, options));
    undo();
    EXPECT_NE(warnings.find("is not recorded as made here"), std::string::npos) << warnings;
  }
  // Under the name of one that was made here, it is another one.
  std::filesystem::copy_file(service().create(the_site(), {}).archive, archive_,
                             std::filesystem::copy_options::overwrite_existing);
  warnings.clear();
  static_cast<void>(restore({.files = false, .accept_changed = true}));
  undo();
  EXPECT_NE(warnings.find("somebody changed it"), std::string::npos) << warnings;
}

TEST_F(LiveWordPressTest, BackupThatDoesNotRun_IsTakenBack) {
  std::ofstream(live().htdocs() / "wp-content/mu-plugins/broken.php") << "<?php no_such_function();";
  archive_ = service().create(the_site(), {}).archive;
  std::filesystem::remove(live().htdocs() / "wp-content/mu-plugins/broken.php");
  files_now_ = files();
  try {
    static_cast<void>(restore());
    ADD_FAILURE() << "it was kept";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rolled_back) << error.message();
    EXPECT_NE(error.hint().find("--no-check"), std::string::npos) << error.hint();
  }
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
  EXPECT_EQ(leftovers(), "");
  EXPECT_FALSE(service().pending_restore("wp.example"));
  static_cast<void>(restore({.check = false}));
  EXPECT_TRUE(std::filesystem::exists(live().htdocs() / "wp-content/mu-plugins/broken.php"));
  undo();
}

// Deleted and made again: another database, another user, another password.
TEST_F(LiveWordPressTest, SiteThatWasMadeAgain_KeepsItsNewLogin) {
  live().server().run("",
                      "DROP DATABASE wp; DROP USER wp@localhost; DROP DATABASE IF EXISTS copy;"
                      "CREATE DATABASE copy; GRANT ALL ON copy.* TO copy@localhost IDENTIFIED BY 'secret'");
  std::string settings = live().usual_settings();
  for (const auto& [old_text, new_text] : std::vector<std::pair<std::string, std::string>>{
           {"'wp'", "'copy'"}, {"'wp'", "'copy'"}, {"'se\\'cret \\\\ 1'", "'secret'"}}) {
    settings.replace(settings.find(old_text), old_text.size(), new_text);
  }
  live().write_config(settings);
  const std::string live_config = test::text_of_file(live().site() / "wp-config.php");
  config_.site["wp.example"].database.name = "copy";
  const RestoredInPlace restored = restore();
  EXPECT_EQ(restored.database, "copy");
  EXPECT_TRUE(restored.wordpress);
  EXPECT_EQ(test::text_of_file(live().site() / "wp-config.php"), live_config);
  EXPECT_NE(test::run_in("/", {"mariadb", "--socket=" + live().server().socket(), "--user=root", "copy", "-e",
                               "SELECT body FROM words"})
                .find("needle"),
            std::string::npos);
  static_cast<void>(service().finish_restore(the_site()));
  live().server().run("",
                      "DROP DATABASE copy; CREATE DATABASE wp; CREATE DATABASE copy; GRANT ALL ON wp.* TO "
                      "wp@localhost IDENTIFIED BY 'se''cret \\\\ 1'");
  config_.site["wp.example"].database.name = "wp";
  live().write_config(live().usual_settings());
  static_cast<void>(restore());
  static_cast<void>(service().finish_restore(the_site()));
}

// Nothing was staged for it, and what an earlier restore had displaced is still there to be taken back.
TEST_F(LiveWordPressTest, ConfigsThatContradict_AreFoundBeforeAnythingIsStaged) {
  static_cast<void>(restore());
  config_.site["wp.example"].database.name.reset();
  live().write_config(
      "define( 'DB_NAME', 'copy' );\ndefine( 'DB_USER', 'copy' );\ndefine( 'DB_PASSWORD', 'secret' );\n"
      "define( 'DB_HOST', 'localhost:" +
      live().server().socket() + "' );\n");
  std::string message;
  try {
    static_cast<void>(restore());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    message = error.message();
  }
  EXPECT_NE(message.find("copy, the backup's names wp, and both exist"), std::string::npos) << message;
  const auto pending = service().pending_restore("wp.example");
  ASSERT_TRUE(pending);
  EXPECT_FALSE(pending->interrupted);
  EXPECT_TRUE(std::filesystem::is_empty(config_.state_dir / "drills"));
  live().write_config(live().usual_settings());
  config_.site["wp.example"].database.name = "wp";
  undo();
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
}

TEST_F(LiveWordPressTest, HackedConfig_IsReplaced) {
  live().write_config(
      "define( 'DB_NAME', 'wp' );\ndefine( 'DB_USER', 'wp' );\ndefine( 'DB_PASSWORD', 'wrong' );\n"
      "define( 'DB_HOST', 'localhost:" +
      live().server().socket() + "' );\n");
  static_cast<void>(restore());
  EXPECT_EQ(files(), files_then_);
  EXPECT_EQ(differences_from(database_then_), "");
}

TEST_F(LiveWordPressTest, SharedDatabase_IsRefused) {
  config_.site["other.example"] = config_.site["wp.example"];
  EXPECT_EQ(kind_of([this] { static_cast<void>(restore()); }), ErrorKind::usage);
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
  EXPECT_FALSE(service().pending_restore("wp.example"));
}

TEST_F(LiveWordPressTest, LoginThatMayMakeNoDatabase_IsRefused) {
  config_.database.admin = false;
  EXPECT_EQ(kind_of([this] { static_cast<void>(restore()); }), ErrorKind::failed);
  EXPECT_EQ(files(), files_now_);
  EXPECT_EQ(differences_from(database_now_), "");
  EXPECT_FALSE(service().pending_restore("wp.example"));
}

}  // namespace
}  // namespace wobackup
