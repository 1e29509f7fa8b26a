// What happens to a backup when the registry, the folders or the clock are not as they should be, and when a site's
// owner has prepared something: the real command as a child process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bad_days/child.h"
#include "base/clock.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::Child;
using test::Ended;
using test::ScratchFolder;

// A registry with three sites that need no server.
class Surroundings : public testing::Test {
 protected:
  Surroundings() {
    EXPECT_EQ(::sqlite3_open(registry().c_str(), &database_), SQLITE_OK);
    sql("CREATE TABLE sites (id INTEGER PRIMARY KEY, sitename TEXT, site_type TEXT, cache_type TEXT, site_path TEXT, "
        "created_on TEXT, is_enabled INT, is_ssl INT, storage_fs TEXT, storage_db TEXT, db_name TEXT, db_user TEXT, "
        "db_password TEXT, db_host TEXT, is_hhvm INT, php_version TEXT)");
    for (const char* name : {"a.example", "b.example", "c.example"}) {
      folder_.write(fs::path("www") / name / "htdocs/index.html", name);
      add_row(name, "html", www(name).string());
    }
    folder_.write("wobackup.toml", "registry = \"" + registry().string() + "\"\nstate_dir = \"" +
                                       (root() / "state").string() + "\"\nmin_free = \"1K\"\n");
  }
  ~Surroundings() override { ::sqlite3_close(database_); }

  [[nodiscard]] fs::path root() const { return folder_.path(); }
  [[nodiscard]] fs::path registry() const { return root() / "dbase.db"; }
  [[nodiscard]] fs::path www(const std::string& site) const { return root() / "www" / site; }

  void sql(const std::string& text) {
    EXPECT_EQ(::sqlite3_exec(database_, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << ::sqlite3_errmsg(database_);
  }
  void add_row(const std::string& name, const std::string& type, const std::string& path) {
    sql("INSERT INTO sites(sitename, site_type, site_path, is_enabled) VALUES('" + name + "','" + type + "','" + path +
        "',1)");
  }
  void make_wordpress(const std::string& name) { sql("UPDATE sites SET site_type='wp' WHERE sitename='" + name + "'"); }

  [[nodiscard]] Ended run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--config", (root() / "wobackup.toml").string()});
    return Child(arguments).wait();
  }
  // Of all sites, wherever: files that look like archives, whole or not.
  [[nodiscard]] std::vector<fs::path> archives(const std::string& below = "") const {
    std::vector<fs::path> found;
    for (const auto& item : fs::recursive_directory_iterator(root() / below)) {
      if (item.path().filename().string().find(".tar.zst") != std::string::npos) found.push_back(item.path());
    }
    return found;
  }
  void expect_refused(const Ended& ended, int exit_code, const std::string& words) const {
    EXPECT_EQ(ended.exit_code, exit_code) << ended.output;
    EXPECT_NE(ended.output.find(words), std::string::npos) << ended.output;
    EXPECT_NE(ended.output.find("Hint: "), std::string::npos) << ended.output;
    EXPECT_TRUE(archives().empty()) << archives().front();
  }

  ScratchFolder folder_;
  sqlite3* database_ = nullptr;
};

TEST_F(Surroundings, MissingRegistry_Is10) {
  fs::remove(registry());
  expect_refused(run({"create", "--all"}), 10, "no WordOps registry");
}

TEST_F(Surroundings, RegistryThatIsNoDatabase_IsAnError) {
  std::ofstream(registry()) << std::string(20'000, 'x');
  expect_refused(run({"create", "--all"}), 1, "not a database");
}

TEST_F(Surroundings, TruncatedRegistry_IsNotReadAsOneWithFewerSites) {
  const auto size = fs::file_size(registry());
  for (auto left = size - 512; left > 0 && left < size; left -= 512) {
    fs::resize_file(registry(), left);
    const Ended ended = run({"create", "--all"});
    EXPECT_EQ(ended.exit_code, 1) << left << ended.output;
    EXPECT_TRUE(archives().empty());
  }
}

TEST_F(Surroundings, LockedRegistry_IsTold) {
  sql("BEGIN EXCLUSIVE");
  expect_refused(run({"create", "--all"}), 1, "locked");
}

TEST_F(Surroundings, HostileRows_AreLoudAndDoNotStopTheOthers) {
  add_row("../escaped", "html", www("a.example"));
  add_row("x/../../y", "html", www("a.example"));
  add_row("\x1b[31mred.example", "html", www("a.example"));
  add_row("relative.example", "html", "../../etc");
  sql("INSERT INTO sites(sitename) VALUES(NULL)");
  const Ended ended = run({"create", "--all"});
  EXPECT_EQ(ended.exit_code, 1) << ended.output;
  EXPECT_NE(ended.output.find("3 of 8 sites"), std::string::npos) << ended.output;
  EXPECT_EQ(ended.output.find('\x1b'), std::string::npos);
  EXPECT_EQ(archives().size(), 3U);
  EXPECT_EQ(archives("www").size(), 3U);
}

TEST_F(Surroundings, OneFailingSite_DoesNotStopTheOthers) {
  fs::remove_all(www("b.example") / "htdocs");
  const Ended ended = run({"create", "--all"});
  EXPECT_EQ(ended.exit_code, 10) << ended.output;
  EXPECT_NE(ended.output.find("2 of 3 sites"), std::string::npos) << ended.output;
  EXPECT_EQ(archives("www/a.example").size(), 1U);
  EXPECT_EQ(archives("www/b.example").size(), 0U);
  EXPECT_EQ(archives("www/c.example").size(), 1U);
}

TEST_F(Surroundings, ReadOnlyRoot_IsAnErrorWithAWayOut) {
  const fs::path target = root() / "readonly";
  fs::create_directories(target);
  if (::mount("tmpfs", target.c_str(), "tmpfs", MS_RDONLY, "size=1m") != 0) GTEST_SKIP() << "no right to mount";
  const Ended ended = run({"create", "a.example", "--path", target.string()});
  ::umount(target.c_str());
  expect_refused(ended, 1, "Read-only file system");
}

TEST_F(Surroundings, StateFolderThatCannotBe_IsAnErrorWithAWayOut) {
  std::ofstream(root() / "state") << "a file";
  expect_refused(run({"create", "a.example"}), 1, "state");
}

TEST_F(Surroundings, ClockSetBack_KeepsTheOrderOrWarns) {
  const fs::path folder = www("a.example") / "backup/a.example";
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string ahead = snapshot_timestamp(now + std::chrono::minutes(50)) + ".tar.zst";
  fs::create_directories(folder);
  std::ofstream(folder / ahead) << "x";
  ASSERT_EQ(run({"create", "a.example"}).exit_code, 0);
  std::vector<fs::path> all = archives();
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.front().filename(), ahead) << "the newer name comes after";

  std::ofstream(folder / (snapshot_timestamp(now + std::chrono::hours(24 * 400)) + ".tar.zst")) << "x";
  const Ended warned = run({"create", "a.example"});
  EXPECT_EQ(warned.exit_code, 0);
  EXPECT_NE(warned.output.find("is the clock right?"), std::string::npos) << warned.output;
}

TEST_F(Surroundings, NamesThatAreTaken_AreNeverReplaced) {
  const fs::path folder = www("a.example") / "backup/a.example";
  fs::create_directories(folder);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::vector<fs::path> taken;
  for (int i = 0; i < 20; ++i) {
    const bool incomplete = i % 2 == 1;
    taken.push_back(
        folder / (snapshot_timestamp(now + std::chrono::seconds(i)) + (incomplete ? "_incomplete" : "") + ".tar.zst"));
    std::ofstream(taken.back()) << "mine";
  }
  ASSERT_EQ(run({"create", "a.example"}).exit_code, 0);
  for (const fs::path& path : taken) EXPECT_EQ(fs::file_size(path), 4U) << path;
  EXPECT_EQ(archives().size(), 21U);
}

TEST_F(Surroundings, WpConfigThatIsALinkOrAFifo_IsNotRead) {
  make_wordpress("a.example");
  const fs::path config = www("a.example") / "wp-config.php";
  const fs::path secret = folder_.write("secret.php", "<?php define('DB_NAME', 'secret');");
  fs::create_symlink(secret, config);
  ASSERT_EQ(::lchown(config.c_str(), test::kNobody, test::kNobody), 0);
  const Ended link = run({"create", "a.example"});
  EXPECT_NE(link.exit_code, 0) << link.output;
  EXPECT_TRUE(archives().empty());
  fs::remove(config);
  ASSERT_EQ(::mkfifo(config.c_str(), 0600), 0);
  const Ended fifo = run({"create", "a.example"});  // does not wait for a writer
  EXPECT_NE(fifo.exit_code, 0) << fifo.output;
  EXPECT_TRUE(archives().empty());
}

TEST_F(Surroundings, WpConfigWithRubbish_IsAnErrorThatNamesIt) {
  make_wordpress("a.example");
  const fs::path config = www("a.example") / "wp-config.php";
  const std::vector<std::string> rubbish{
      std::string(64U << 20U, 'x'),
      std::string("\0\0\0\xff\xfe", 5),
      "<?php define('DB_NAME', getenv('X'));",
      "<?php define('DB_NAME', 'x\ny'); define('DB_USER', \"a\\n[client]\"); define('DB_PASSWORD', '');",
      "<?php /* never closed",
      "<?php define('DB_NAME', '" + std::string(100'000, 'n') + "');"};
  for (const std::string& text : rubbish) {
    std::ofstream(config, std::ios::binary) << text;
    const Ended ended = run({"create", "a.example"});
    EXPECT_EQ(ended.exit_code, 20) << text.substr(0, 40) << ended.output.substr(0, 500);
    EXPECT_LT(ended.output.size(), 2000U);
    EXPECT_NE(ended.output.find("Hint: "), std::string::npos) << ended.output.substr(0, 500);
    EXPECT_TRUE(archives().empty());
  }
}

TEST_F(Surroundings, HtdocsLinkedByTheSitesOwner_IsNotFollowedToAnothersFiles) {
  const fs::path htdocs = www("a.example") / "htdocs";
  fs::remove_all(htdocs);
  fs::create_directory_symlink(www("b.example") / "htdocs", htdocs);
  ASSERT_EQ(::lchown(htdocs.c_str(), test::kNobody, test::kNobody), 0);
  const Ended refused = run({"create", "a.example"});
  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  ASSERT_EQ(archives().size(), 1U);
  EXPECT_TRUE(archives().front().string().ends_with("_incomplete.tar.zst")) << archives().front();
  const std::string tar = "tar --zstd -tf '" + archives().front().string() + "' | grep -q index.html";
  EXPECT_NE(std::system(tar.c_str()), 0) << "another site's file is in it";
  ASSERT_EQ(::lchown(htdocs.c_str(), 0, 0), 0);  // root's own link is an admin's wish
  EXPECT_EQ(run({"create", "a.example"}).exit_code, 0);
}

}  // namespace
}  // namespace wobackup
