// Whole backups of sites without a database server, unpacked by plain tar.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <thread>

#include "base/bytes.h"
#include "base/file_access.h"
#include "base/file_lock.h"
#include "base/subprocess.h"
#include "container/container_reader.h"
#include "container/tar_decode.h"
#include "crypto/sha256.h"
#include "fakes/odd_site.h"
#include "fakes/scratch_folder.h"
#include "fakes/tree_facts.h"
#include "wobackup/service.h"

namespace wobackup {
namespace {

class CreateTest : public ::testing::Test {
 protected:
  CreateTest() {
    std::filesystem::create_directories(site() / "htdocs");
    config_.registry = folder_ / "none.db";
    config_.state_dir = folder_ / "state";
    config_.min_free_bytes = 0;
    config_.database.admin = false;
    config_.site["example.com"].path = site();
    config_.site["example.com"].type = "php";
  }
  std::filesystem::path site() const { return folder_ / "www/example.com"; }
  void write(const std::string& path, std::string_view text = "x") { folder_.write("www/example.com/" + path, text); }
  Created create(const CreateOptions& options = {}) {
    Service service(config_);
    return service.create(service.site("example.com"), options);
  }
  ErrorKind failure(const CreateOptions& options = {}) {
    try {
      static_cast<void>(create(options));
    } catch (const Error& error) {
      message_ = error.message();
      return error.kind();
    }
    ADD_FAILURE() << "no error";
    return ErrorKind::failed;
  }
  std::string run(std::vector<std::string> argv) {
    const Collected result = run_collecting({std::move(argv), {}, {}, std::nullopt}, std::chrono::minutes(2));
    EXPECT_TRUE(result.status.success()) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
  std::filesystem::path unpack(const Created& created) {
    const auto to = folder_ / "unpacked";
    std::filesystem::remove_all(to);
    std::filesystem::create_directory(to);
    // GNU tar remarks on every time before 1970.
    run({"tar", "--warning=no-timestamp", "--zstd", "--xattrs", "--xattrs-include=*", "--acls", "-xpf",
         created.archive.string(), "-C", to.string()});
    return *std::filesystem::directory_iterator(to);
  }
  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Names under the backup root besides the archives: partial files, strangers.
  std::vector<std::string> leftovers() {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& item : std::filesystem::directory_iterator(site() / "backup/example.com", ignored)) {
      names.push_back(item.path().filename());
    }
    return names;
  }

  test::ScratchFolder folder_;
  Config config_;
  std::string message_;
};

TEST_F(CreateTest, EverythingASiteCanHold_ComesBackThroughPlainTar) {
  if (::geteuid() != 0) GTEST_SKIP() << "owners need root";
  write("wp-config.php", "<?php\n");
  const auto htdocs = site() / "htdocs";
  ASSERT_NO_FATAL_FAILURE(test::make_odd_site(htdocs));

  const Created created = create();
  EXPECT_TRUE(created.complete);
  EXPECT_LT(created.size_bytes, 20'000'000U);
  const auto top = unpack(created);
  EXPECT_EQ(test::facts_of(top / "htdocs"), test::facts_of(htdocs));
  EXPECT_EQ(read(top / "wp-config.php"), "<?php\n");
  std::string bytes(4, '\0');
  const UniqueFd unpacked(::open((top / "htdocs/sparse").c_str(), O_RDONLY));
  ASSERT_EQ(::pread(unpacked.get(), bytes.data(), 4, 8'700'000'000), 4);
  EXPECT_EQ(bytes, "data");
  struct stat status {};
  ::fstat(unpacked.get(), &status);
  EXPECT_LT(status.st_blocks, 1000);
}

TEST_F(CreateTest, Layout_IsAsDocumented) {
  write("wp-config.php");
  write("htdocs/index.php");
  write("conf/nginx/x.conf");
  config_.include = {"conf"};
  const Created created = create({.reason = "testing", .metadata_extra = {{"ticket", 5}}});
  std::vector<std::string> names;
  const std::string list = run({"tar", "--zstd", "-tf", created.archive.string()});
  const std::string top = created.archive.filename().string().substr(0, 19);
  EXPECT_TRUE(list.starts_with(top + "/\n" + top + "/vhost.json\n" + top + "/wp-config.php\n")) << list;
  EXPECT_NE(list.find(top + "/conf/nginx/x.conf\n"), std::string::npos);
  EXPECT_EQ(list.find("backup"), std::string::npos);
  struct stat status {};
  ASSERT_EQ(::stat(created.archive.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const Json info = Service(config_).info(created.archive);
  EXPECT_EQ(info["backup_reason"], "testing");
  EXPECT_EQ(info["ticket"], 5);
  EXPECT_EQ(info["archive_size"], created.size_bytes);
  EXPECT_EQ(info["complete"], true);
  EXPECT_EQ(created.sha256, hex(sha256(bytes_of(read(created.archive)))));
}

TEST_F(CreateTest, Manifest_SaysWhatTheTarHolds) {
  for (int i = 0; i < 300; ++i)
    write("htdocs/d" + std::to_string(i % 7) + "/f" + std::to_string(i),
          std::string(static_cast<std::size_t>(i) * 97, 'x'));
  write("htdocs/big", std::string(13'000'000, 'y'));
  write("wp-config.php");
  const Created created = create();
  const FileAccess file(UniqueFd(::open(created.archive.c_str(), O_RDONLY)), created.size_bytes, "archive");
  const ContainerReader reader(file);
  ByteVector tar;
  for (std::size_t i = 0; i < reader.frames().size(); ++i) {
    const ByteVector frame = reader.read_frame(i);
    tar.insert(tar.end(), frame.begin(), frame.end());
  }
  ASSERT_EQ(tar.size(), reader.locator().tar_bytes);
  std::vector<std::string> paths;
  reader.read_manifest([&](const ManifestEntry& line) {
    paths.push_back(line.entry.path);
    const auto member = decode_tar_member(ByteSpan(tar).subspan(line.offset.value()));
    ASSERT_TRUE(member);
    EXPECT_EQ(member->entry.path.substr(20), line.entry.path);
    EXPECT_EQ(member->entry.mtime, line.entry.mtime);
    EXPECT_EQ(member->entry.size, line.entry.size);
    if (line.sha256) {
      const ByteSpan data = ByteSpan(tar).subspan(*line.offset + member->header_bytes, member->data_bytes);
      EXPECT_EQ(sha256(data), *line.sha256) << line.entry.path;
    }
  });
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
  EXPECT_EQ(paths.size(), reader.read_manifest_header().entries);
}

TEST_F(CreateTest, SameInput_GivesTheSameBytes) {
  write("htdocs/a", std::string(5'000'000, 'a'));
  write("htdocs/b", "b");
  const auto content = [this](const Created& created) {
    const FileAccess file(UniqueFd(::open(created.archive.c_str(), O_RDONLY)), created.size_bytes, "archive");
    const ContainerReader reader(file);
    std::string all;
    reader.read_manifest([&](const ManifestEntry& line) {
      if (line.entry.path.starts_with("htdocs")) append_manifest_line(all, line);
    });
    return all;
  };
  config_.threads = 1;
  const std::string first = content(create());
  config_.threads = 4;
  EXPECT_EQ(content(create()), first);
}

TEST_F(CreateTest, TwoInOneSecond_GetTwoNames) {
  write("htdocs/a");
  const Created first = create(), second = create();
  EXPECT_NE(first.archive, second.archive);
  EXPECT_LT(first.archive, second.archive);
  const auto refs = Service(config_).list("example.com");
  ASSERT_EQ(refs.size(), 2U);
  EXPECT_EQ(refs[0].archive, second.archive);
  EXPECT_EQ(Service(config_).find("example.com"), second.archive);
}

TEST_F(CreateTest, ClockSetBackALittle_KeepsTheOrder) {
  write("htdocs/a");
  const auto soon =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + std::chrono::minutes(30);
  const Created first = create();
  // An archive from half an hour ahead, as after a clock that was set back.
  const std::string name = [&] {
    const std::time_t time = std::chrono::system_clock::to_time_t(soon);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d_%H-%M-%S", std::gmtime(&time));
    return std::string(text);
  }();
  std::filesystem::rename(first.archive, first.archive.parent_path() / (name + ".tar.zst"));
  const Created second = create();
  EXPECT_GT(second.archive.filename().string(), name);
}

TEST_F(CreateTest, RunningTwice_IsLocked) {
  write("htdocs/a");
  static_cast<void>(create());
  const FileLock held(config_.state_dir / "locks/example.com.lock", "a test", std::chrono::seconds(0), {});
  EXPECT_EQ(failure(), ErrorKind::locked);
  EXPECT_NE(message_.find("a test"), std::string::npos);
}

TEST_F(CreateTest, WithoutSpace_NothingIsLeft) {
  write("htdocs/a");
  config_.min_free_bytes = std::uint64_t{1} << 60U;
  EXPECT_EQ(failure(), ErrorKind::no_space);
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(CreateTest, Cancelled_LeavesNothing) {
  write("htdocs/a", std::string(30'000'000, 'x'));
  EXPECT_EQ(failure({.cancelled = [] { return true; }}), ErrorKind::interrupted);
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(CreateTest, BackupRootInsideHtdocs_IsRefused) {
  write("htdocs/a");
  EXPECT_EQ(failure({.backup_root = site() / "htdocs/backups"}), ErrorKind::usage);
  std::filesystem::create_directory_symlink(site() / "htdocs", folder_ / "alias");
  EXPECT_EQ(failure({.backup_root = folder_ / "alias/backups"}), ErrorKind::usage);
  EXPECT_FALSE(std::filesystem::exists(site() / "htdocs/backups"));
}

TEST_F(CreateTest, LinkPlantedBySomebodyElse_IsNotFollowedToTheRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs another user";
  write("htdocs/a");
  std::filesystem::create_directory(folder_ / "target");
  std::filesystem::create_directory_symlink(folder_ / "target", site() / "backup");
  ASSERT_EQ(::lchown((site() / "backup").c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chown(site().c_str(), 65534, 65534), 0);
  EXPECT_EQ(failure(), ErrorKind::failed);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "target"));
}

TEST_F(CreateTest, MissingHtdocs_IsAnError) {
  std::filesystem::remove(site() / "htdocs");
  EXPECT_EQ(failure(), ErrorKind::not_found);
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(CreateTest, TypeDb_OfASiteWithoutADatabase_IsAnError) {
  write("htdocs/a");
  EXPECT_EQ(failure({.type = BackupType::database}), ErrorKind::usage);
}

TEST_F(CreateTest, WordpressWithoutADatabase_IsAnErrorAndNoBackupOfFilesOnly) {
  config_.site["example.com"].type = "wp";
  write("htdocs/a");
  EXPECT_EQ(failure(), ErrorKind::dump);
  EXPECT_TRUE(leftovers().empty());
  EXPECT_TRUE(create({.type = BackupType::files}).complete);
}

TEST_F(CreateTest, GrowingLog_IsStoredAndNoted) {
  write("htdocs/log", "begin");
  // Ends with the test, however that ends, and before the disk is full.
  const std::jthread writer([&](const std::stop_token& stop) {
    std::ofstream log(site() / "htdocs/log", std::ios::app);
    for (int i = 0; i < 3'000 && !stop.stop_requested(); ++i) log << std::string(100'000, 'x') << std::flush;
  });
  for (int i = 0; i < 5; ++i) {
    const Created created = create();
    EXPECT_TRUE(created.complete);
    EXPECT_EQ(run({"zstd", "-tq", created.archive.string()}), "");
  }
}

TEST_F(CreateTest, VanishingFiles_DoNotMakeItIncomplete) {
  for (int i = 0; i < 2000; ++i) write("htdocs/f" + std::to_string(i));
  std::jthread remover([&](const std::stop_token& stop) {
    for (int i = 1999; i >= 0 && !stop.stop_requested(); --i)
      std::filesystem::remove(site() / ("htdocs/f" + std::to_string(i)));
  });
  const Created created = create();
  EXPECT_TRUE(created.complete);
  remover.request_stop();
}

TEST_F(CreateTest, SqliteSite_IsCopiedConsistently) {
  write("htdocs/wp-content/db.php", "<?php\n");
  write("wp-config.php", "<?php define('DATABASE_TYPE', 'sqlite');\n");
  const auto path = site() / "htdocs/wp-content/database/.ht.sqlite";
  std::filesystem::create_directories(path.parent_path());
  sqlite3* database = nullptr;
  ASSERT_EQ(::sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ::sqlite3_exec(database, "PRAGMA journal_mode=WAL; CREATE TABLE a(x); CREATE TABLE b(x);", nullptr, nullptr, nullptr);
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      ::sqlite3_exec(database, "BEGIN; INSERT INTO a VALUES(1); INSERT INTO b VALUES(1); COMMIT;", nullptr, nullptr,
                     nullptr);
    }
  });
  for (int round = 0; round < 5; ++round) {
    const Created created = create();
    EXPECT_TRUE(created.has_database);
    const auto top = unpack(created);
    EXPECT_EQ(run({"sqlite3", (top / "example.com.sqlite").string(),
                   "PRAGMA integrity_check; SELECT (SELECT count(*) FROM a) = (SELECT count(*) FROM b);"}),
              "ok\n1\n");
    EXPECT_EQ(read(top / "htdocs/wp-content/database/.ht.sqlite"), read(top / "example.com.sqlite"));
    EXPECT_FALSE(std::filesystem::exists(top / "htdocs/wp-content/database/.ht.sqlite-wal"));
  }
  writer.request_stop();
  writer.join();
  const Created files = create({.type = BackupType::files});
  EXPECT_FALSE(std::filesystem::exists(unpack(files) / "htdocs/wp-content/database/.ht.sqlite"));
  ::sqlite3_close(database);
}

TEST_F(CreateTest, SqliteFileThatIsALink_IsRefused) {
  folder_.write("secret.db", "not yours");
  std::filesystem::create_directories(site() / "htdocs/wp-content/database");
  std::filesystem::create_symlink(folder_ / "secret.db", site() / "htdocs/wp-content/database/.ht.sqlite");
  config_.site["example.com"].database.sqlite = "htdocs/wp-content/database/.ht.sqlite";
  EXPECT_EQ(failure(), ErrorKind::dump);
  EXPECT_TRUE(leftovers().empty());
}

TEST_F(CreateTest, DamagedArchives_AreListedWithTheirProblem) {
  write("htdocs/a", std::string(3'000'000, 'q'));
  const Created good = create();
  const std::string bytes = read(good.archive);
  const auto folder = good.archive.parent_path();
  const auto put = [&](const char* name, const std::string& content) {
    std::ofstream(folder / name, std::ios::binary) << content;
  };
  put("2020-01-01_00-00-00.tar.zst", "");
  put("2020-01-02_00-00-00.tar.zst", "no archive at all");
  put("2020-01-03_00-00-00.tar.zst", bytes.substr(0, bytes.size() / 2));
  std::string flipped = bytes;
  flipped[flipped.size() - 60] ^= 1;
  put("2020-01-04_00-00-00.tar.zst", flipped);
  std::filesystem::create_symlink("/etc/passwd", folder / "2020-01-05_00-00-00.tar.zst");
  put("stranger.txt", "x");
  const auto refs = Service(config_).list("example.com");
  ASSERT_EQ(refs.size(), 6U);
  EXPECT_EQ(refs[0].archive, good.archive);
  EXPECT_EQ(refs[0].problem, "");
  for (std::size_t i = 1; i < refs.size(); ++i) {
    if (refs[i].name.starts_with("2020-01-03")) continue;  // its first frame is whole; only info reads on
    EXPECT_NE(refs[i].problem, "") << refs[i].name;
  }
  for (const char* name : {"2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"}) {
    const auto path = folder / (std::string(name) + "_00-00-00.tar.zst");
    if (std::string(name) == "2020-01-03") continue;
    EXPECT_THROW(static_cast<void>(Service(config_).info(path)), Error) << name;
  }
}

TEST_F(CreateTest, ArchivesOfTheOlderService_AreListedAndTold) {
  const auto folder = site() / "backup/example.com";
  std::filesystem::create_directories(folder);
  folder_.write("old/2024-05-06_07-08-09/vhost.json",
                R"({"sitename": "example.com", "backup_type": "full", "backup_reason": "old"})");
  folder_.write("old/2024-05-06_07-08-09/htdocs/index.php", "x");
  run({"tar", "--zstd", "-C", (folder_ / "old").string(), "-cf",
       (folder / "2024-05-06_07-08-09_preupdate.tar.zst").string(), "2024-05-06_07-08-09"});
  const auto refs = Service(config_).list("example.com");
  ASSERT_EQ(refs.size(), 1U);
  EXPECT_EQ(refs[0].reason, "old");
  EXPECT_FALSE(refs[0].indexed);
  const Json info = Service(config_).info(refs[0].archive);
  EXPECT_EQ(info["backup_type"], "full");
  EXPECT_EQ(info["indexed"], false);
}

// Counts what is read.
class CountingAccess final : public RandomAccess {
 public:
  explicit CountingAccess(const RandomAccess& file) : file_(file) {}
  std::uint64_t size() const override { return file_.size(); }
  std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    ++reads;
    bytes += buffer.size();
    return file_.read(offset, buffer);
  }
  const std::string& name() const override { return file_.name(); }
  mutable int reads = 0;
  mutable std::uint64_t bytes = 0;

 private:
  const RandomAccess& file_;
};

TEST_F(CreateTest, ReadingOneFrame_DoesNotReadTheArchive) {
  std::string noise(20'000'000, '\0');
  std::uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24U);
  write("htdocs/large", noise);
  const Created created = create();
  const FileAccess file(UniqueFd(::open(created.archive.c_str(), O_RDONLY)), created.size_bytes, "archive");
  const CountingAccess counting(file);
  const ContainerReader reader(counting);
  static_cast<void>(reader.read_frame(0));
  static_cast<void>(reader.read_manifest_header());
  EXPECT_EQ(counting.reads, 3);
  EXPECT_LT(counting.bytes, 140'000U);
}

}  // namespace
}  // namespace wobackup
