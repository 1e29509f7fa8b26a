// Every key, and every way to get one wrong.
#include <gtest/gtest.h>

#include "config/loading.h"

namespace wobackup {
namespace {

using test::load;
using test::refusal;
using Texts = std::vector<std::string>;

class ConfigFile : public ::testing::Test {
 protected:
  test::ScratchFolder folder_;
};

TEST_F(ConfigFile, AnEmptyFile_GivesTheDefaults) {
  const Config config = load(folder_, "");
  EXPECT_EQ(config.registry, "/var/lib/wo/dbase.db");
  EXPECT_EQ(config.state_dir, "/var/lib/wobackup");
  EXPECT_FALSE(config.backup_root);
  EXPECT_FALSE(config.min_free_bytes);
  EXPECT_EQ(config.threads, 0U);
  EXPECT_EQ(config.level, 3);
  EXPECT_EQ(config.limit_rate, 0U);
  EXPECT_TRUE(config.database.admin);
  EXPECT_EQ(config.database.lock_wait, std::chrono::seconds(60));
  EXPECT_TRUE(config.site.empty());
  EXPECT_EQ(config.file, folder_ / "wobackup.toml");
}

TEST_F(ConfigFile, TopLevelKeys_AreRead) {
  const Config config = load(folder_, R"(
registry = "/srv/dbase.db"
state_dir = "/srv/state"
backup_root = "/srv/backups"
min_free = "2G"
threads = 2
level = 6
limit_rate = 1048576
exclude = ["*.log", "htdocs/cache/**"]
include = ["conf/"]
exclude_caches = true
[database]
defaults_file = "/root/admin.cnf"
dump_program = "/opt/bin/mariadb-dump"
lock_wait = "5m"
admin = false
)");
  EXPECT_EQ(config.registry, "/srv/dbase.db");
  EXPECT_EQ(config.state_dir, "/srv/state");
  EXPECT_EQ(config.backup_root, "/srv/backups");
  EXPECT_EQ(config.min_free_bytes, std::uint64_t{2} << 30U);
  EXPECT_EQ(config.threads, 2U);
  EXPECT_EQ(config.level, 6);
  EXPECT_EQ(config.limit_rate, 1048576U);
  EXPECT_EQ(config.exclude, (Texts{"*.log", "htdocs/cache/**"}));
  EXPECT_EQ(config.include, Texts{"conf"});
  EXPECT_TRUE(config.exclude_caches);
  EXPECT_EQ(config.database.defaults_file, "/root/admin.cnf");
  EXPECT_EQ(config.database.dump_program, "/opt/bin/mariadb-dump");
  EXPECT_EQ(config.database.lock_wait, std::chrono::seconds(300));
  EXPECT_FALSE(config.database.admin);
}

TEST_F(ConfigFile, SiteKeys_AreReadUnderTheNameInLowerCase) {
  const Config config = load(folder_, R"(
[site."Shop.Example.org"]
path = "/srv/shop"
type = "wp"
backup_root = "/srv/safe"
exclude = ["*.zip"]
include = ["conf", "private/keys"]
follow = ["htdocs/wp-content/uploads"]
[site."Shop.Example.org".database]
name = "shop"
user = "shop_user"
host = "db.example.org:3307"
override = true
additional = ["shop_stats", "shop.old"]
enabled = true
)");
  ASSERT_EQ(config.site.count("shop.example.org"), 1U);
  const SiteSettings& site = config.site.at("shop.example.org");
  EXPECT_EQ(site.path, "/srv/shop");
  EXPECT_EQ(site.type, "wp");
  EXPECT_EQ(site.backup_root, "/srv/safe");
  EXPECT_EQ(site.exclude, Texts{"*.zip"});
  EXPECT_EQ(site.include, (Texts{"conf", "private/keys"}));
  EXPECT_EQ(site.follow, Texts{"htdocs/wp-content/uploads"});
  EXPECT_EQ(site.database.name, "shop");
  EXPECT_EQ(site.database.user, "shop_user");
  EXPECT_FALSE(site.database.password);
  EXPECT_EQ(site.database.host, "db.example.org:3307");
  EXPECT_TRUE(site.database.override_others);
  EXPECT_EQ(site.database.additional, (Texts{"shop_stats", "shop.old"}));
  EXPECT_EQ(site.database.enabled, true);
}

TEST_F(ConfigFile, Stores_AreReadByTheirNames) {
  const Config config = load(folder_, R"(
stores = ["local", "offsite", "/mnt/other"]
[store.offsite]
url = "s3://bucket/a/prefix/"
endpoint = "https://s3.example:9000"
region = "eu-1"
profile = "backup"
addressing = "path"
[store.nas]
url = "sftp://backup@nas:2222/srv/b"
host_keys = ["SHA256:x"]
identity_file = "/root/.ssh/backup"
[store.disk]
url = "/mnt/disk"
keep = 30
stall_timeout = "5m"
recipients = ["age1gg3wkwum8tlswqv9ehqmt4es0ngmsrcrgk2n8v48ulm0pcdt79uqwsaxxd"]
[site."a.example"]
stores = ["local", "disk"]

[guard]
stores = ["nas"]
)");
  ASSERT_EQ(config.store.size(), 3U);
  const StoreSettings& offsite = config.store.at("offsite");
  EXPECT_EQ(offsite.name, "offsite");
  EXPECT_EQ(offsite.url, "s3://bucket/a/prefix");
  EXPECT_EQ(offsite.endpoint, "https://s3.example:9000");
  EXPECT_EQ(offsite.region, "eu-1");
  EXPECT_EQ(offsite.profile, "backup");
  EXPECT_EQ(offsite.addressing, "path");
  EXPECT_EQ(config.store.at("nas").url, "sftp://backup@nas:2222/srv/b");
  EXPECT_EQ(config.store.at("nas").host_keys, Texts{"SHA256:x"});
  EXPECT_EQ(config.store.at("nas").identity_file, "/root/.ssh/backup");
  EXPECT_EQ(config.store.at("disk").url, "/mnt/disk");
  EXPECT_EQ(config.store.at("disk").keep, 30U);
  EXPECT_EQ(config.store.at("disk").stall_timeout, std::chrono::minutes(5));
  EXPECT_EQ(config.store.at("disk").recipients,
            Texts{"age1gg3wkwum8tlswqv9ehqmt4es0ngmsrcrgk2n8v48ulm0pcdt79uqwsaxxd"});
  EXPECT_FALSE(offsite.keep || offsite.stall_timeout);
  EXPECT_EQ(config.stores, (Texts{"local", "offsite", "/mnt/other"}));
  EXPECT_EQ(config.site.at("a.example").stores, (Texts{"local", "disk"}));
  EXPECT_EQ(config.guard.stores, Texts{"nas"});
}

TEST_F(ConfigFile, WrongStores_AreRefused) {
  const auto refused = [&](const std::string& text) { return refusal(folder_, text); };
  for (const char* text : {"[store.x]\nregion = \"eu\"\n",
                           "[store.x]\nurl = \"s3://\"\n",
                           "[store.x]\nurl = \"backups\"\n",
                           "[store.x]\nurl = \"/a\"\nendpoint = \"https://b\"\n",
                           "[store.x]\nurl = \"s3://bucket\"\nidentity_file = \"/a\"\n",
                           "[store.x]\nurl = \"/a\"\nkeep = 0\n",
                           "[store.x]\nurl = \"/a\"\nrecipients = []\n",
                           "[store.x]\nurl = \"/a\"\nrecipients = [\"age1x\"]\n",
                           "[store.local]\nurl = \"/a\"\n",
                           "[store.x]\nurl = \"/a\"\nstall_timeout = 0\n",
                           "stores = [\"nowhere\"]\n",
                           "[guard]\nstores = [\"nowhere\"]\n",
                           "[store.\"a b\"]\nurl = \"/a\"\n",
                           "[store.x]\nurl = \"s3://bucket\"\nendpoint = \"127.0.0.1:9000\"\n",
                           "[store.x]\nurl = \"s3://bucket\"\nendpoint = \"https://host/path\"\n",
                           "[store.x]\nurl = \"s3://bucket\"\nencryption = \"aes\"\n",
                           "[store.x]\nurl = \"s3://bucket\"\nkms_key = \"k\"\n",
                           "[store.x]\nurl = \"sftp://host/a\"\nhost_keys = [\"MD5:aa\"]\n",
                           "[store.x]\nurl = \"s3://bucket\"\naddressing = \"both\"\n",
                           "[store]\nurl = \"/a\"\n"}) {
    EXPECT_NE(refused(text), "no error") << text;
  }
}

TEST_F(ConfigFile, ListsForAllSites_ComeBeforeASitesOwn) {
  const Config config = load(folder_, R"(
exclude = ["*.log"]
include = ["conf"]
[site."a.example"]
exclude = ["*.zip"]
include = ["private"]
)");
  EXPECT_EQ(config.for_site("a.example").exclude, (Texts{"*.log", "*.zip"}));
  EXPECT_EQ(config.for_site("a.example").include, (Texts{"conf", "private"}));
  EXPECT_EQ(config.for_site("b.example").exclude, Texts{"*.log"});
}

TEST_F(ConfigFile, AnUnknownKey_IsNamedWithItsLineAndTheNearestKnownOne) {
  EXPECT_EQ(refusal(folder_, "level = 3\nthread = 2\n"),
            "wobackup.toml:2: unknown setting \"thread\" | did you mean \"threads\"?");
  EXPECT_EQ(refusal(folder_, "[database]\n\n\nlock_wiat = 3\n"),
            "wobackup.toml:4: unknown setting \"database.lock_wiat\" | did you mean \"database.lock_wait\"?");
  EXPECT_EQ(refusal(folder_, "[site.\"a.example\".database]\npasword = 'x'\n"),
            "wobackup.toml:2: unknown setting \"site.\"a.example\".database.pasword\" | "
            "did you mean \"site.\"a.example\".database.password\"?");
  EXPECT_EQ(refusal(folder_, "[sites]\n"), "wobackup.toml:1: unknown setting \"sites\" | did you mean \"site\"?");
  EXPECT_EQ(refusal(folder_, "quux = 1\n"),
            "wobackup.toml:1: unknown setting \"quux\" | docs/configuration.md lists the settings");
}

TEST_F(ConfigFile, AWrongType_IsNamedWithItsLine) {
  EXPECT_EQ(refusal(folder_, "registry = 5"), "wobackup.toml:1: registry must be a text in quotes | ");
  EXPECT_EQ(refusal(folder_, "\nthreads = \"2\""), "wobackup.toml:2: threads must be a whole number from 0 to 64 | ");
  EXPECT_EQ(refusal(folder_, "level = 3.0"), "wobackup.toml:1: level must be a whole number from 1 to 19 | ");
  EXPECT_EQ(refusal(folder_, "exclude_caches = 1"), "wobackup.toml:1: exclude_caches must be true or false | ");
  EXPECT_EQ(refusal(folder_, "exclude = \"*.log\""), "wobackup.toml:1: exclude must be a list of texts | ");
  EXPECT_EQ(refusal(folder_, "exclude = [\"a\", 1]"), "wobackup.toml:1: exclude must be a list of texts | ");
  EXPECT_EQ(refusal(folder_, "database = 1"), "wobackup.toml:1: database must be a table | ");
  EXPECT_EQ(refusal(folder_, "site = 1"), "wobackup.toml:1: site must be a table | ");
  EXPECT_EQ(refusal(folder_, "[site]\n\"a.example\" = 1"), "wobackup.toml:2: site.a.example must be a table | ");
}

TEST_F(ConfigFile, AValueOutOfRange_IsRefused) {
  EXPECT_NE(refusal(folder_, "level = 0"), "no error");
  EXPECT_NE(refusal(folder_, "level = 20"), "no error");
  EXPECT_NE(refusal(folder_, "threads = -1"), "no error");
  EXPECT_NE(refusal(folder_, "threads = 65"), "no error");
  EXPECT_NE(refusal(folder_, "min_free = -1"), "no error");
  EXPECT_NE(refusal(folder_, "min_free = \"2 apples\""), "no error");
  EXPECT_NE(refusal(folder_, "limit_rate = 1.5"), "no error");
  EXPECT_NE(refusal(folder_, "[database]\nlock_wait = \"soon\""), "no error");
  EXPECT_NE(refusal(folder_, "[database]\nlock_wait = -5"), "no error");
  EXPECT_NE(refusal(folder_, "exclude = [\"\"]"), "no error");
}

TEST_F(ConfigFile, PathsThatAreNotAbsolute_AreRefused) {
  for (const char* key : {"registry", "state_dir", "backup_root"}) {
    EXPECT_EQ(refusal(folder_, std::string(key) + " = \"here\""),
              "wobackup.toml:1: " + std::string(key) + " must be an absolute path | ");
  }
  EXPECT_NE(refusal(folder_, "[database]\ndump_program = \"mariadb-dump\""), "no error");
  EXPECT_NE(refusal(folder_, "[site.\"a.example\"]\npath = \"www\""), "no error");
  EXPECT_NE(refusal(folder_, "registry = \"/a\\u0000b\""), "no error");
}

TEST_F(ConfigFile, PathsOutOfTheSite_AreRefused) {
  for (const char* path : {"/etc", "..", "conf/../../etc", "./conf", "", "/", "a//b", "a\\u0000b"}) {
    const std::string list = "[\"ok\", \"" + std::string(path) + "\"]\n";
    EXPECT_NE(refusal(folder_, "include = " + list), "no error") << path;
    EXPECT_NE(refusal(folder_, "[site.\"a.example\"]\ninclude = " + list), "no error") << path;
    EXPECT_NE(refusal(folder_, "[site.\"a.example\"]\nfollow = " + list), "no error") << path;
    EXPECT_NE(refusal(folder_, "[site.\"a.example\".database]\nsqlite = \"" + std::string(path) + "\"\n"), "no error")
        << path;
  }
}

TEST_F(ConfigFile, SiteNamesThatAreNoHostNames_AreRefused) {
  for (const char* name :
       {"../etc", "a..b", "-a.example", "a_.example", "a b", "", "a/b", "*.example", "exämple.org"}) {
    EXPECT_NE(refusal(folder_, "[site.\"" + std::string(name) + "\"]\npath = \"/srv/a\"\n"), "no error") << name;
  }
  EXPECT_EQ(refusal(folder_, "\n[site.\"a/b\"]\n"),
            "wobackup.toml:2: site.a/b is not a host name | a site's name looks like \"example.com\"");
}

TEST_F(ConfigFile, ASiteNameWithoutQuotes_IsExplained) {
  EXPECT_EQ(refusal(folder_, "[site.example.com]\npath = \"/srv/a\"\n"),
            "wobackup.toml:1: site.example is cut at a dot | write the site's name in quotes: [site.\"example.com\"]");
}

TEST_F(ConfigFile, OneSiteInTwoSpellings_IsRefused) {
  EXPECT_NE(refusal(folder_, "[site.\"a.example\"]\n[site.\"A.example\"]\n").find("is there twice"), std::string::npos);
}

TEST_F(ConfigFile, AnUnknownKindOfSite_IsRefused) {
  const std::string told = refusal(folder_, "[site.\"a.example\"]\ntype = \"wordpress\"\n");
  EXPECT_NE(told.find("wobackup.toml:2: site.\"a.example\".type is \"wordpress\""), std::string::npos) << told;
  EXPECT_NE(told.find("wpsubdir"), std::string::npos) << told;
}

TEST_F(ConfigFile, AdditionalDatabasesThatCannotNameAFile_AreRefused) {
  for (const char* list : {R"(["a/b"])", R"([".."])", R"(["."])", R"([""])", R"(["a", "a"])", R"(["a\u0000"])"}) {
    EXPECT_NE(refusal(folder_, "[site.\"a.example\".database]\nadditional = " + std::string(list)), "no error") << list;
  }
}

TEST_F(ConfigFile, SqliteAndANamedDatabase_ExcludeEachOther) {
  EXPECT_NE(refusal(folder_, "[site.\"a.example\".database]\nname = \"a\"\nsqlite = \"a.db\"\n"), "no error");
  EXPECT_NE(refusal(folder_, "[site.\"a.example\".database]\nname = \"\"\n"), "no error");
}

TEST_F(ConfigFile, BrokenToml_IsNamedWithItsLine) {
  const std::string told = refusal(folder_, "level = 3\nlevel = 4\n");
  EXPECT_EQ(told.rfind("wobackup.toml:2: ", 0), 0U) << told;
  EXPECT_EQ(refusal(folder_, "a = \"unfinished").rfind("wobackup.toml:1: ", 0), 0U);
  EXPECT_EQ(refusal(folder_, "\xff\xfe").rfind("wobackup.toml:1: ", 0), 0U);
  EXPECT_NE(refusal(folder_, "a = " + std::string(100'000, '[')), "no error");
}

TEST_F(ConfigFile, TerminalCharactersInKeys_AreEscapedInTheMessage) {
  const std::string told = refusal(folder_, "\"\\u001b[2J\" = 1\n");
  EXPECT_EQ(told.find('\x1b'), std::string::npos);
  EXPECT_NE(told.find("\\x1b[2J"), std::string::npos) << told;
}

TEST_F(ConfigFile, TerminalCharactersInPasswordFile_AreEscapedInTheMessage) {
  const std::string told =
      refusal(folder_, "[site.\"a.example\".database]\npassword_file = \"/nonexistent/\\u001b[2J\"\n");
  EXPECT_EQ(told.find('\x1b'), std::string::npos);
  EXPECT_NE(told.find("\\x1b[2J"), std::string::npos) << told;
}

TEST_F(ConfigFile, AMissingFile_IsAnErrorOnlyIfItWasNamed) {
  try {
    static_cast<void>(Config::load(folder_ / "none.toml"));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(error.message().find("none.toml"), std::string::npos);
  }
  EXPECT_THROW(static_cast<void>(Config::load(folder_.path())), Error) << "a folder is no file";
}

TEST_F(ConfigFile, ALinkToTheFile_IsFollowed) {
  folder_.write("real.toml", "level = 7\n");
  std::filesystem::create_symlink("real.toml", folder_ / "link.toml");
  EXPECT_EQ(Config::load(folder_ / "link.toml").level, 7);
}

TEST_F(ConfigFile, AHugeFile_IsRefused) {
  EXPECT_NE(refusal(folder_, std::string(5U << 20U, '#')).find("larger than"), std::string::npos);
}

}  // namespace
}  // namespace wobackup
