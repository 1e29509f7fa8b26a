// The registry's file: missing, busy, damaged, or something else altogether.
#include "site/registry_file.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fakes/plain_tools.h"
#include "fakes/scratch_folder.h"
#include "site/made_registry.h"
#include "site/registry.h"
#include "site/told.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using test::contains;
using test::MadeRegistry;
using test::told;

class RegistryFile : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path path() const { return folder_ / "dbase.db"; }
  [[nodiscard]] static std::string reading(const fs::path& file) {
    return told([&] { static_cast<void>(read_registry(file, {}, milliseconds(50))); });
  }
  [[nodiscard]] static std::size_t number_of_sites(const fs::path& file) {
    return read_registry(file, {}, milliseconds(50)).size();
  }
  // A closed registry with some sites.
  void make(int sites) const {
    const MadeRegistry registry(path());
    registry.run("BEGIN");
    for (int i = 0; i < sites; ++i) registry.add_site("site" + std::to_string(i) + ".example");
    registry.run("COMMIT");
  }

  test::ScratchFolder folder_;
};

TEST_F(RegistryFile, Missing_IsNotFound_WithAWayOut) {
  for (const fs::path& file : {path(), folder_ / "no/such/folder/dbase.db", folder_.write("file", "x") / "dbase.db"}) {
    const std::string text = reading(file);
    EXPECT_EQ(text, "not_found: there is no WordOps registry at " + file.string() +
                        " | set \"registry\" in wobackup.toml, or name the sites there: [site.\"example.com\"]");
  }
  EXPECT_FALSE(fs::exists(path())) << "reading makes no file";
}

TEST_F(RegistryFile, LockedByAWriter_IsToldAndWorthAnotherTry) {
  make(1);
  const MadeRegistry writer(path(), "BEGIN EXCLUSIVE");
  try {
    static_cast<void>(read_registry(path(), {}, milliseconds(50)));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failed);
    EXPECT_TRUE(error.retryable());
    EXPECT_TRUE(contains(error.hint(), "another program holds it locked")) << error.hint();
  }
  writer.run("COMMIT");
  EXPECT_EQ(number_of_sites(path()), 1U);
}

TEST_F(RegistryFile, AWriterThatHasNotCommitted_IsNotSeen) {
  make(1);
  const MadeRegistry writer(path(), "BEGIN IMMEDIATE");
  writer.add_site("later.example");
  EXPECT_EQ(number_of_sites(path()), 1U) << "the rollback journal's reserved lock lets readers in";
  writer.run("COMMIT");
  EXPECT_EQ(number_of_sites(path()), 2U);
}

TEST_F(RegistryFile, InWalMode_AWriterDoesNotKeepUsOut) {
  make(1);
  const MadeRegistry writer(path(), "PRAGMA journal_mode = WAL");
  writer.run("BEGIN EXCLUSIVE");
  writer.add_site("later.example");
  EXPECT_EQ(number_of_sites(path()), 1U);
  writer.run("COMMIT");
  EXPECT_EQ(number_of_sites(path()), 2U) << "what only the log holds counts";
}

TEST_F(RegistryFile, ReadingIt_ChangesNoByte) {
  make(3);
  const std::string before = test::text_of_file(path());
  EXPECT_EQ(number_of_sites(path()), 3U);
  EXPECT_EQ(test::text_of_file(path()), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1) << "nothing beside it";
}

TEST_F(RegistryFile, TheOpenedRegistry_CannotBeWritten) {
  make(1);
  const SqliteHandle database = open_registry(path(), milliseconds(50));
  EXPECT_NE(::sqlite3_exec(database.get(), "DELETE FROM sites", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_NE(::sqlite3_exec(database.get(), "PRAGMA user_version = 7", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(number_of_sites(path()), 1U);
}

TEST_F(RegistryFile, TheOpenedRegistry_RunsNothingOfItsSchema) {
  const MadeRegistry registry(path());
  registry.run("CREATE VIEW v AS SELECT 1");
  const SqliteHandle database = open_registry(path(), milliseconds(50));
  EXPECT_THROW(static_cast<void>(prepare(database.get(), "SELECT * FROM v", path())), Error) << "views are off";
}

TEST_F(RegistryFile, NotADatabase_IsAnErrorWithAHint) {
  for (const std::string& content :
       {std::string("hello"), std::string(20'000, 'x'), std::string(20'000, '\0'),
        "SQLite format 3" + std::string(1, '\0') + std::string(20'000, '\xff'), std::string("SQLite format 3")}) {
    folder_.write("dbase.db", content);
    const std::string text = reading(path());
    EXPECT_TRUE(contains(text, "failed: cannot read the WordOps registry " + path().string())) << text;
    EXPECT_TRUE(contains(text, "| the file is damaged")) << text;
  }
}

TEST_F(RegistryFile, AnEmptyFile_HasNoTable) {
  folder_.write("dbase.db", "");
  EXPECT_TRUE(contains(reading(path()), "has no table \"sites\""));
}

TEST_F(RegistryFile, CutOffAnywhere_IsNeverOneWithFewerSites) {
  make(200);
  const std::string whole = test::text_of_file(path());
  ASSERT_GT(whole.size(), 8192U);
  for (std::size_t size = 1; size < whole.size(); size += 511) {
    folder_.write("dbase.db", whole.substr(0, size));
    EXPECT_TRUE(contains(reading(path()), "failed: ")) << size;
  }
}

TEST_F(RegistryFile, APageOfRubbish_IsAnError) {
  make(200);
  const std::string whole = test::text_of_file(path());
  for (std::size_t page = 1; page < whole.size() / 4096; ++page) {
    std::string damaged = whole;
    damaged.replace(page * 4096, 4096, std::string(4096, '\xA5'));
    folder_.write("dbase.db", damaged);
    EXPECT_TRUE(contains(reading(path()), "| the file is damaged")) << page << reading(path());
  }
}

TEST_F(RegistryFile, WhatIsNoFile_IsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  fs::create_directory(folder_ / "folder");
  for (const fs::path& file : {folder_ / "fifo", folder_ / "folder", fs::path("/dev/zero")}) {
    EXPECT_EQ(reading(file), "failed: the WordOps registry " + file.string() + " is not a regular file | ");
  }
}

TEST_F(RegistryFile, ALinkToIt_IsFollowed) {
  make(2);
  fs::create_symlink("dbase.db", folder_ / "link");
  EXPECT_EQ(number_of_sites(folder_ / "link"), 2U);
  fs::create_symlink("nowhere", folder_ / "dangling");
  EXPECT_TRUE(contains(reading(folder_ / "dangling"), "not_found: "));
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_TRUE(contains(reading(folder_ / "loop"), "failed: cannot read the WordOps registry"));
}

TEST_F(RegistryFile, NamesThatLookLikeAUri_AreNames) {
  for (const char* name : {"a?mode=memory", "a#b", "a%20b", "a b?immutable=1&x", ":memory:"}) {
    make(1);
    fs::rename(path(), folder_ / name);
    EXPECT_EQ(number_of_sites(folder_ / name), 1U) << name;
    fs::remove(folder_ / name);
    EXPECT_TRUE(contains(reading(folder_ / name), "not_found")) << name;
  }
  make(1);
  EXPECT_EQ(number_of_sites("/" + path().string()), 1U) << "two slashes at the front";
}

// A folder on a disk that nobody can write to, which ends with the test.
class ReadOnlyFolder {
 public:
  explicit ReadOnlyFolder(fs::path path) : path_(std::move(path)) {
    fs::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ReadOnlyFolder(const ReadOnlyFolder&) = delete;
  ReadOnlyFolder& operator=(const ReadOnlyFolder&) = delete;
  ~ReadOnlyFolder() {
    if (mounted_) ::umount(path_.c_str());
  }
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] bool close() const { return ::mount(nullptr, path_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, "") == 0; }

 private:
  fs::path path_;
  bool mounted_ = false;
};

TEST_F(RegistryFile, InAFolderThatCannotBeWritten_AFinishedLogIsNoObstacle) {
  const ReadOnlyFolder disk(folder_ / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount";
  {
    const MadeRegistry registry(folder_ / "disk/dbase.db");
    registry.run("PRAGMA journal_mode = WAL");
    registry.add_site("example.com");
  }
  ASSERT_TRUE(disk.close());
  EXPECT_EQ(number_of_sites(folder_ / "disk/dbase.db"), 1U);
}

TEST_F(RegistryFile, InAFolderThatCannotBeWritten_AnUnfinishedLogIsNeverOverlooked) {
  const ReadOnlyFolder disk(folder_ / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount";
  fs::create_symlink("disk/dbase.db", folder_ / "link");
  {
    const MadeRegistry registry(folder_ / "made.db");
    registry.run("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    registry.add_site("first.example");
    registry.run("PRAGMA wal_checkpoint(TRUNCATE)");
    registry.add_site("second.example");
    fs::copy_file(folder_ / "made.db", folder_ / "disk/dbase.db");
    fs::copy_file(folder_ / "made.db-wal", folder_ / "disk/dbase.db-wal");
  }
  ASSERT_TRUE(disk.close());
  for (const fs::path& file : {folder_ / "disk/dbase.db", folder_ / "link"}) {
    const std::string text = reading(file);
    EXPECT_TRUE(contains(text, "| its folder must be writable while its write-ahead log has content")) << file << text;
  }
}

}  // namespace
}  // namespace wobackup
