// Whether a site's database is a file, and which.
#include "site/sqlite_site.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fakes/scratch_folder.h"
#include "site/told.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::told;

constexpr const char* kUsual = "htdocs/wp-content/database/.ht.sqlite";

class SqliteSite : public ::testing::Test {
 protected:
  SqliteSite() {
    site_.name = "a.example";
    site_.path = root_ / "site";
    fs::create_directories(site_.path / "htdocs/wp-content/database");
  }
  void write(const std::string& name, const std::string& content = "x") const { root_.write("site/" + name, content); }
  void write_drop_in() const { write("htdocs/wp-content/db.php", "<?php // SQLite integration (drop-in)"); }
  void configure(const std::string& php) { php_ = "<?php " + php; }
  [[nodiscard]] std::string in_site(const std::string& name) const { return (site_.path / name).string(); }

  // The database, "none", or the error.
  [[nodiscard]] std::string database() {
    const SiteFolder folder(site_.path);
    const SiteConfig config{"wp-config.php", wp_config_settings(php_)};
    std::string result;
    const std::string error = told([&] {
      result = sqlite_database_of(folder, settings_, site_, php_.empty() ? nullptr : &config).value_or("none");
    });
    return error == "no error" ? result : error;
  }

  test::ScratchFolder root_;
  Site site_;
  DatabaseSettings settings_;
  std::string php_;
};

TEST_F(SqliteSite, WithoutTheDropIn_IsNone) {
  write(kUsual);
  EXPECT_EQ(database(), "none");
  write("htdocs/wp-content/db.php", "<?php // another plugin's");
  EXPECT_EQ(database(), "none");
}

TEST_F(SqliteSite, WithDropInAndFile_IsTheUsualOne) {
  write_drop_in();
  EXPECT_EQ(database(), "none") << "no file yet: the server is in use";
  write(kUsual);
  EXPECT_EQ(database(), kUsual);
  configure("define('DB_NAME', 'x');");
  EXPECT_EQ(database(), kUsual) << "the integration wants a DB_NAME too";
}

TEST_F(SqliteSite, TheAdminsWord_IsTaken) {
  settings_.sqlite = "data/own.db";
  EXPECT_EQ(database(), "data/own.db") << "not looked at here";
  settings_.sqlite.reset();
  settings_.name = "on_server";
  write_drop_in();
  write(kUsual);
  EXPECT_EQ(database(), "none");
}

TEST_F(SqliteSite, AnotherEngine_MeansAServer) {
  write_drop_in();
  write(kUsual);
  configure("define('DB_ENGINE', 'mysql');");
  EXPECT_EQ(database(), "none");
  configure("define('DATABASE_TYPE', 'mysql');");
  EXPECT_EQ(database(), "none");
  configure("define('DB_ENGINE', 'SQLite'); define('DATABASE_TYPE', 'mysql');");
  EXPECT_EQ(database(), kUsual) << "the newer word holds";
}

TEST_F(SqliteSite, SaidToBeUsed_ButMissing_IsAnError) {
  configure("define('DB_ENGINE', 'sqlite');");
  write_drop_in();
  EXPECT_EQ(database(),
            "failed: wp-config.php says that the site uses SQLite, but there is no " + in_site(kUsual) + " | ");
}

TEST_F(SqliteSite, FileAndFolder_CanBeNamed) {
  write_drop_in();
  write("htdocs/wp-content/database/own.db");
  write("private/.ht.sqlite");
  write("private/own.db");
  configure("define('DB_FILE', 'own.db');");
  EXPECT_EQ(database(), "htdocs/wp-content/database/own.db");
  for (const char* constant : {"DB_DIR", "FQDBDIR"}) {
    configure("define('" + std::string(constant) + "', '" + in_site("private/") + "');");
    EXPECT_EQ(database(), "private/.ht.sqlite") << constant;
    configure("define('" + std::string(constant) + "', '" + in_site("private") + "'); define('DB_FILE', 'own.db');");
    EXPECT_EQ(database(), "private/own.db") << constant;
  }
  configure("define('FQDB', '" + in_site("private/own.db") + "');");
  EXPECT_EQ(database(), "private/own.db");
}

TEST_F(SqliteSite, PathsOutOfTheSite_AreRefused) {
  write_drop_in();
  write(kUsual);
  root_.write("other/.ht.sqlite", "x");
  for (const std::string& folder : {(root_ / "other").string(), in_site("../other"), std::string("/"),
                                    std::string("other"), std::string(), site_.path.string() + "2"}) {
    configure("define('DB_DIR', '" + folder + "');");
    EXPECT_TRUE(contains(database(), "which is not in the site's folder")) << folder << database();
  }
  for (const char* file : {"../../../../other/.ht.sqlite", "../../../../../../../etc/passwd", "../../..", "a\\0b"}) {
    configure("define('DB_FILE', \"" + std::string(file) + "\");");
    EXPECT_TRUE(contains(database(), "which is no file of the site")) << file << database();
  }
}

TEST_F(SqliteSite, ComputedPaths_AreAnError) {
  write_drop_in();
  write(kUsual);
  for (const char* constant : {"DB_DIR", "FQDBDIR", "FQDB", "DB_FILE"}) {
    configure("\ndefine('" + std::string(constant) + "', __DIR__ . '/x');");
    EXPECT_EQ(database(), "failed: " + std::string(constant) + " is computed by PHP in wp-config.php, line 2 | ");
  }
}

TEST_F(SqliteSite, LinksWithinTheSite_AreResolved) {
  write_drop_in();
  write("shared/real.db");
  fs::create_symlink("../../../shared/real.db", site_.path / kUsual);
  EXPECT_EQ(database(), "shared/real.db");
}

TEST_F(SqliteSite, LinksOutOfTheSite_AreRefused) {
  write_drop_in();
  root_.write("other/.ht.sqlite", "x");
  fs::create_symlink(root_ / "other/.ht.sqlite", site_.path / kUsual);
  EXPECT_TRUE(contains(database(), "outside the site's folder")) << database();
  fs::remove_all(site_.path / "htdocs/wp-content/database");
  fs::create_directory_symlink(root_ / "other", site_.path / "htdocs/wp-content/database");
  EXPECT_TRUE(contains(database(), "outside the site's folder")) << database();
}

TEST_F(SqliteSite, WhatIsNoFile_IsRefused) {
  write_drop_in();
  ASSERT_EQ(::mkfifo((site_.path / kUsual).c_str(), 0600), 0);
  EXPECT_TRUE(contains(database(), "is not a regular file")) << database();
}

TEST_F(SqliteSite, ADropInThatCannotBeRead_MattersOnlyIfItIsSaidToBeUsed) {
  root_.write("other/db.php", "sqlite");
  fs::create_symlink(root_ / "other/db.php", site_.path / "htdocs/wp-content/db.php");
  write(kUsual);
  EXPECT_EQ(database(), "none");
  configure("define('DB_ENGINE', 'sqlite');");
  EXPECT_TRUE(contains(database(), "outside the site's folder")) << database();
}

TEST_F(SqliteSite, ARegistryThatNamesADatabase_IsContradicted) {
  write_drop_in();
  write(kUsual);
  site_.record.db_name = "example_com";
  EXPECT_TRUE(contains(database(), "but the registry names the database \"example_com\"")) << database();
  configure("define('DB_ENGINE', 'sqlite');");
  EXPECT_EQ(database(), kUsual) << "wp-config.php settles it";
  configure("");
  site_.record.db_name = "";
  EXPECT_EQ(database(), kUsual);
}

}  // namespace
}  // namespace wobackup
