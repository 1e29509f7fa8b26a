// Whose database is a site's: wp-config.php, the registry and wobackup.toml, when they agree and when they do not.
#include "site/database_login.h"

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

class DatabaseLoginTest : public ::testing::Test {
 protected:
  DatabaseLoginTest() {
    fs::create_directories(root_ / "site/htdocs");
    site_.name = "a.example";
    site_.type = SiteType::wp;
    site_.path = root_ / "site";
  }

  void write(const std::string& name, const std::string& content) const { root_.write("site/" + name, content); }
  static std::string php(const std::string& name, const std::string& user, const std::string& password,
                         const std::string& host) {
    return "<?php\ndefine('DB_NAME', '" + name + "');\ndefine('DB_USER', '" + user + "');\ndefine('DB_PASSWORD', '" +
           password + "');\ndefine('DB_HOST', '" + host + "');\n";
  }
  void write_config() const { write("wp-config.php", php("shop", "shopper", "s3cret", "localhost")); }
  void record() {
    site_.record.db_name = "shop";
    site_.record.db_user = "shopper";
    site_.record.db_host = "localhost";
    site_.recorded_password = "s3cret";
  }
  DatabaseSettings& settings() { return settings_.database; }

  // "name user password host", with "!" if an admin named it; "none"; or the error.
  [[nodiscard]] std::string login() const {
    std::string result;
    const std::string error = told([&] {
      const SiteDatabase database = resolve_database(site_, settings_, true);
      if (!database.login) {
        result = database.sqlite.value_or("none");
        return;
      }
      const DatabaseLogin& found = *database.login;
      result = found.name + " " + found.user + " " + found.password + " " + found.host.text() +
               (database.named_by_admin ? "!" : "");
    });
    return error == "no error" ? result : error;
  }
  // The error is of the kind dump, says this, and its hint names this setting of this site.
  void expect_refused(const std::string& why, const std::string& key) const {
    const std::string text = login();
    EXPECT_TRUE(contains(text, "dump: a.example: ")) << text;
    EXPECT_TRUE(contains(text, why)) << text;
    EXPECT_TRUE(contains(text, "| set " + key + " in [site.\"a.example\".database] of wobackup.toml")) << text;
  }

  test::ScratchFolder root_;
  Site site_;
  SiteSettings settings_;
};

TEST_F(DatabaseLoginTest, WpConfigAlone_IsEnough_ButNoAdminNamedIt) {
  write_config();
  EXPECT_EQ(login(), "shop shopper s3cret localhost");
}

TEST_F(DatabaseLoginTest, TheRegistryAlone_IsEnough) {
  record();
  EXPECT_EQ(login(), "shop shopper s3cret localhost!");
}

TEST_F(DatabaseLoginTest, TheConfigAlone_IsEnough) {
  settings().name = "shop";
  settings().user = "shopper";
  EXPECT_EQ(login(), "shop shopper  localhost!") << "no password, and the usual host";
  settings().password = "p";
  settings().host = "db.example.org:3307";
  EXPECT_EQ(login(), "shop shopper p db.example.org:3307!");
}

TEST_F(DatabaseLoginTest, AllThree_MustAgree) {
  write_config();
  record();
  settings().name = "shop";
  settings().user = "shopper";
  settings().password = "s3cret";
  settings().host = "127.0.0.1:3306";
  EXPECT_EQ(login(), "shop shopper s3cret localhost!") << "of two spellings, the one that the site runs with";
}

TEST_F(DatabaseLoginTest, AContradictionWithTheRegistry_IsRefused_WhateverItIsAbout) {
  write_config();
  record();
  site_.record.db_name = "other";
  expect_refused("the database name is \"shop\" in wp-config.php, but \"other\" in the registry", "name");
  record();
  site_.record.db_user = "other";
  expect_refused("the database user is \"shopper\" in wp-config.php, but \"other\" in the registry", "user");
  record();
  site_.record.db_host = "db.example.org";
  expect_refused("the database host is \"localhost\" in wp-config.php, but \"db.example.org\" in the registry", "host");
  record();
  site_.recorded_password = "other";
  expect_refused("the database password in wp-config.php differs from that in the registry", "password");
}

TEST_F(DatabaseLoginTest, AContradictionWithTheConfig_IsRefused) {
  write_config();
  settings().name = "other";
  expect_refused("the database name is \"shop\" in wp-config.php, but \"other\" in wobackup.toml", "name");
  fs::remove(root_ / "site/wp-config.php");
  record();
  expect_refused("the database name is \"shop\" in the registry, but \"other\" in wobackup.toml", "name");
  site_.origin = SiteOrigin::given;
  expect_refused("the database name is \"shop\" in the given site, but \"other\" in wobackup.toml", "name");
}

TEST_F(DatabaseLoginTest, Passwords_AreNeverTold) {
  write("wp-config.php", php("shop", "shopper", "in_the_file", "localhost"));
  record();
  site_.recorded_password = "in_the_registry";
  settings().password = "in_the_config";
  const std::string text = login();
  EXPECT_TRUE(contains(text, "dump: ")) << text;
  for (const char* password : {"in_the_file", "in_the_registry", "in_the_config"}) {
    EXPECT_FALSE(contains(text, password)) << text;
  }
}

TEST_F(DatabaseLoginTest, Override_LetsTheAdminHaveTheLastWord) {
  write_config();
  record();
  site_.record.db_name = "recorded";
  settings().name = "right";
  settings().override_others = true;
  EXPECT_EQ(login(), "right shopper s3cret localhost!") << "what the admin does not say, the others do";
  settings().user = "u";
  settings().password = "p";
  settings().host = "db.example.org";
  EXPECT_EQ(login(), "right u p db.example.org!");
}

TEST_F(DatabaseLoginTest, OverrideOfAllFour_NeedsNoConfigFile) {
  write("wp-config.php", "<?php " + std::string(300'000, ';'));
  expect_refused("longer than 200000 tokens", "name, user, password and host");
  settings().name = "n";
  settings().user = "u";
  settings().password = "p";
  settings().host = "h";
  settings().override_others = true;
  EXPECT_EQ(login(), "n u p h!");
}

TEST_F(DatabaseLoginTest, ComputedValues_NameTheSettingToUse) {
  const char* constants[] = {"DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST"};
  const char* keys[] = {"name", "user", "password", "host"};
  for (std::size_t i = 0; i < 4; ++i) {
    for (const char* expression : {"getenv('X')", "$_ENV['X']", "'a' . B", "__DIR__", "\"a$b\""}) {
      std::string source = "<?php\ndefine('" + std::string(constants[i]) + "', " + expression + ");\n";
      source += php("shop", "shopper", "s3cret", "localhost").substr(5);
      write("wp-config.php", source);
      expect_refused(std::string(constants[i]) + " is computed by PHP in wp-config.php, line 2", keys[i]);
    }
  }
}

TEST_F(DatabaseLoginTest, ComputedValues_AreFilledInByRegistryOrConfig) {
  write("wp-config.php",
        "<?php define('DB_NAME', getenv('N')); define('DB_USER', 'shopper'); "
        "define('DB_PASSWORD', getenv('P')); define('DB_HOST', 'localhost');");
  record();
  EXPECT_EQ(login(), "shop shopper s3cret localhost!");
  site_.record.db_name.reset();
  site_.recorded_password.reset();
  settings().name = "said";
  settings().password = "p";
  EXPECT_EQ(login(), "said shopper p localhost!");
}

TEST_F(DatabaseLoginTest, DifferentValuesInBranches_AreRefused) {
  write("wp-config.php",
        "<?php\nif (X) { define('DB_NAME', 'a'); }\nelse { define('DB_NAME', 'b'); }\n"
        "define('DB_USER', 'u');");
  expect_refused("DB_NAME is defined differently in lines 2 and 3 in wp-config.php", "name");
}

TEST_F(DatabaseLoginTest, TwoConfigFilesThatDisagree_AreRefused) {
  write_config();
  write("htdocs/wp-config.php", php("planted", "shopper", "s3cret", "localhost"));
  expect_refused("the database name is \"planted\" in htdocs/wp-config.php, but \"shop\" in wp-config.php", "name");
}

TEST_F(DatabaseLoginTest, BadHosts_AreRefused) {
  for (const char* host : {"db:0", "--defaults-file=/etc/passwd", "a b", "[::1", "localhost:99999"}) {
    write("wp-config.php", php("shop", "shopper", "s3cret", host));
    expect_refused("\"" + std::string(host) + "\" is not a database host", "host");
  }
}

TEST_F(DatabaseLoginTest, ZeroBytesAndEmptyNames_AreRefused) {
  write("wp-config.php", php("shop", "shopper", "s3cret", "localhost"));
  write("wp-config.php", "<?php define('DB_NAME', \"a\\0b\"); define('DB_USER', 'u');");
  expect_refused("has a zero byte", "name");
  write("wp-config.php", php("", "shopper", "s3cret", "localhost"));
  expect_refused("the database's name is empty", "name");
}

TEST_F(DatabaseLoginTest, ValuesInErrors_AreEscaped) {
  write("wp-config.php", "<?php define('DB_NAME', \"\\e[2J\\n\"); define('DB_USER', 'u');");
  record();
  const std::string text = login();
  EXPECT_TRUE(contains(text, "\\x1b[2J")) << text;
  EXPECT_EQ(text.find_first_of("\x1b\n"), std::string::npos);
}

TEST_F(DatabaseLoginTest, AMissingUser_IsAnError_AMissingPasswordIsNone) {
  write("wp-config.php", "<?php define('DB_NAME', 'shop');");
  expect_refused("nobody says the database's user", "user");
  write("wp-config.php", "<?php define('DB_NAME', 'shop'); define('DB_USER', 'u');");
  EXPECT_EQ(login(), "shop u  localhost");
}

TEST_F(DatabaseLoginTest, EmptyFieldsOfTheRegistry_SayNothing) {
  write_config();
  site_.record.db_name = site_.record.db_user = site_.record.db_host = site_.recorded_password = "";
  EXPECT_EQ(login(), "shop shopper s3cret localhost");
}

TEST_F(DatabaseLoginTest, AnAdminNamesADatabase_OnlyByThatName) {
  write_config();
  record();
  site_.record.db_name.reset();
  EXPECT_EQ(login(), "shop shopper s3cret localhost") << "a registry without a name does not vouch for one";
  site_.origin = SiteOrigin::config;
  site_.record.db_name = "shop";
  EXPECT_EQ(login(), "shop shopper s3cret localhost")
      << "the record of such a site is the config's copy, not a witness";
  settings().name = "shop";
  EXPECT_EQ(login(), "shop shopper s3cret localhost!");
}

TEST_F(DatabaseLoginTest, AKindThatNeedsADatabase_WithoutOne_IsAnError) {
  for (const SiteType type : {SiteType::wp, SiteType::wpsubdir, SiteType::wpsubdomain, SiteType::mysql}) {
    site_.type = type;
    const std::string text = login();
    EXPECT_TRUE(contains(text, "dump: a.example: a site of type " + std::string(name_of(type)) + " has a database"))
        << text;
    EXPECT_TRUE(contains(text, "enabled = false if it has none")) << text;
  }
  for (const SiteType type : {SiteType::html, SiteType::php, SiteType::other}) {
    site_.type = type;
    EXPECT_EQ(login(), "none") << name_of(type);
  }
}

// A backup that lacks the database without a word would be found out when it is needed.
TEST_F(DatabaseLoginTest, Bedrock_NamesItWhereItIsNotRead) {
  for (const std::string root : {"", "htdocs/"}) {
    site_.type = SiteType::php;
    fs::remove_all(root_ / "site");
    write(root + "web/wp-config.php", "<?php require_once dirname(__DIR__) . '/config/application.php';");
    write(root + "config/application.php", "<?php Config::define('DB_NAME', env('DB_NAME'));");
    EXPECT_EQ(login(), "none") << "no WordPress there";
    write(root + "web/wp/wp-includes/version.php", "<?php");
    const std::string text = login();
    EXPECT_TRUE(contains(text, "dump: a.example: it is a WordPress site in Bedrock's layout")) << text;
    EXPECT_TRUE(contains(text, "enabled = false if it has none")) << text;
    settings().name = "shop";
    settings().user = "shopper";
    EXPECT_EQ(login(), "shop shopper  localhost!");
    settings() = {};
    settings().enabled = false;
    EXPECT_EQ(login(), "none");
    settings() = {};
  }
}

TEST_F(DatabaseLoginTest, SwitchedOff_IsNone_WhateverTheOthersSay) {
  write("wp-config.php", "<?php " + std::string(300'000, ';'));
  record();
  settings().enabled = false;
  EXPECT_EQ(login(), "none");
  EXPECT_EQ(resolve_database(site_, settings_, true).config_files, std::vector<std::string>{"wp-config.php"})
      << "the files are still the site's";
}

TEST_F(DatabaseLoginTest, ForFilesOnly_NothingOfThisIsAnError) {
  write("wp-config.php", php("other", "shopper", "s3cret", "localhost"));
  write("a-config.php", "");
  record();
  EXPECT_TRUE(contains(login(), "dump: "));
  const SiteDatabase database = resolve_database(site_, settings_, false);
  EXPECT_FALSE(database.has_database());
  EXPECT_EQ(database.config_files, (std::vector<std::string>{"a-config.php", "wp-config.php"}));
  fs::remove(root_ / "site/wp-config.php");
  ASSERT_EQ(::mkfifo((root_ / "site/wp-config.php").c_str(), 0600), 0);
  EXPECT_FALSE(resolve_database(site_, settings_, false).has_database());
}

TEST_F(DatabaseLoginTest, AConfigFileThatCannotBeRead_IsAnErrorWithAWayOut) {
  root_.write("other/wp-config.php", php("theirs", "u", "p", "localhost"));
  fs::create_symlink("../other/wp-config.php", root_ / "site/wp-config.php");
  expect_refused("outside the site's folder: it is not read", "name, user, password and host");
  fs::remove(root_ / "site/wp-config.php");
  ASSERT_EQ(::mkfifo((root_ / "site/wp-config.php").c_str(), 0600), 0);
  expect_refused("is not a regular file", "name, user, password and host");
}

TEST_F(DatabaseLoginTest, AdditionalDatabases_NeedALogin) {
  settings().additional = {"stats"};
  site_.type = SiteType::php;
  EXPECT_TRUE(contains(login(), "there is no login for its additional databases | set name and user")) << login();
  write_config();
  EXPECT_EQ(resolve_database(site_, settings_, true).additional, std::vector<std::string>{"stats"});
}

TEST_F(DatabaseLoginTest, AnSqliteDatabase_TakesTheServersPlace) {
  write_config();
  write("htdocs/wp-content/db.php", "<?php // sqlite");
  write("htdocs/wp-content/database/.ht.sqlite", "x");
  EXPECT_EQ(login(), "htdocs/wp-content/database/.ht.sqlite");
  record();
  expect_refused("but the registry names the database \"shop\"", "sqlite, or name for a database on a server,");
  settings().name = "shop";
  EXPECT_EQ(login(), "shop shopper s3cret localhost!");
  settings().name.reset();
  settings().sqlite = "data/own.db";
  EXPECT_EQ(login(), "data/own.db");
}

}  // namespace
}  // namespace wobackup
