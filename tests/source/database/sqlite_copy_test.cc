// Copies of SQLite databases: while others write, and of sites that want to do harm.
#include "source/database/sqlite_copy.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <set>

#include "base/file_io.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

constexpr uid_t kSiteUser = 33;

// A database of the tests' own, by name.
class Sqlite {
 public:
  explicit Sqlite(const std::filesystem::path& path) {
    if (::sqlite3_open(path.c_str(), &database_) != SQLITE_OK) throw std::runtime_error("cannot open a database");
    ::sqlite3_busy_timeout(database_, 10'000);
  }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;
  ~Sqlite() { ::sqlite3_close(database_); }

  // The last column of the last row.
  std::string run(const std::string& sql) {
    std::string result;
    char* message = nullptr;
    const auto keep = [](void* text, int columns, char** values, char**) {
      const char* value = values[columns - 1];
      *static_cast<std::string*>(text) = value == nullptr ? "" : value;
      return 0;
    };
    if (::sqlite3_exec(database_, sql.c_str(), keep, &result, &message) != SQLITE_OK) {
      throw std::runtime_error(sql + ": " + message);
    }
    return result;
  }

 private:
  sqlite3* database_ = nullptr;
};

// Another process, as a site's PHP is one: locks of SQLite hold between processes. Ended by the destructor.
class OtherProcess {
 public:
  // `work` writes to the descriptor when it is ready.
  explicit OtherProcess(const std::function<void(int ready_fd)>& work) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) throw std::runtime_error("pipe failed");
    pid_ = ::fork();
    if (pid_ == 0) {
      try {
        work(pipe[1]);
      } catch (...) {
      }
      ::_exit(1);
    }
    ::close(pipe[1]);
    char byte = 0;
    ready_ = ::read(pipe[0], &byte, 1) == 1;
    ::close(pipe[0]);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;
  ~OtherProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] bool ready() const { return ready_; }

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
};

void tell_ready(int fd) {
  if (::write(fd, "r", 1) != 1) ::_exit(2);
}

class SqliteCopyTest : public ::testing::Test {
 protected:
  SqliteCopyTest() {
    std::filesystem::create_directory(site_path_);
    ::chmod(scratch_.path().c_str(), 0755);
    ::chmod(site_path_.c_str(), 0755);
    site_.reset(::open(site_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    spool_folder_.reset(::open(scratch_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    copy_ = unnamed_file(spool_folder_.get(), "the test's folder");
  }

  SqliteReport copy(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    return copy_sqlite(site_.get(), "site.sqlite", copy_.get(), cancellation_, patience);
  }

  // The kind and message of what copy throws.
  Error copy_error(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    try {
      (void)copy(patience);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "the copy succeeded";
    return Error(ErrorKind::failed, "");
  }

  // The copy under a name, for SQLite to look at.
  std::filesystem::path named_copy() {
    struct stat status {};
    ::fstat(copy_.get(), &status);
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    if (::pread(copy_.get(), bytes.data(), bytes.size(), 0) != status.st_size) ADD_FAILURE() << "cannot read the copy";
    return scratch_.write("copy.sqlite", bytes);
  }

  std::set<std::string> site_files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(site_path_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  void make_database(const std::string& sql) { Sqlite(file_).run(sql); }

  // Everything below the site's folder, too.
  void give_to_site_user() const {
    ASSERT_EQ(::chown(site_path_.c_str(), kSiteUser, kSiteUser), 0);
    for (const auto& entry : std::filesystem::directory_iterator(site_path_)) {
      ASSERT_EQ(::lchown(entry.path().c_str(), kSiteUser, kSiteUser), 0);
    }
  }

  void copy_stays_consistent(const std::string& journal_mode);

  const test::ScratchFolder scratch_;
  const std::filesystem::path site_path_ = scratch_ / "site";
  const std::filesystem::path file_ = site_path_ / "site.sqlite";
  UniqueFd site_, spool_folder_, copy_;
  Cancellation cancellation_;
};

constexpr const char* kSomeTables =
    "CREATE TABLE a (x); CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, y); CREATE INDEX i ON a (x);"
    "INSERT INTO a VALUES (1), (2); INSERT INTO b (y) VALUES (zeroblob(100000));";

TEST_F(SqliteCopyTest, IdleDatabase_IsCopiedWholeAndLeftAlone) {
  make_database(kSomeTables);
  const auto before = std::filesystem::last_write_time(file_);
  const SqliteReport report = copy();
  EXPECT_EQ(report.tables, 2U);
  EXPECT_EQ(report.size_bytes, std::filesystem::file_size(file_));
  Sqlite copied(named_copy());
  EXPECT_EQ(copied.run("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(copied.run("SELECT sum(x) FROM a"), "3");
  EXPECT_EQ(copied.run("SELECT length(y) FROM b"), "100000");
  EXPECT_EQ(site_files(), std::set<std::string>{"site.sqlite"});
  EXPECT_EQ(std::filesystem::last_write_time(file_), before);
}

TEST_F(SqliteCopyTest, WalOfALiveSite_IsInTheCopyAndStays) {
  const OtherProcess writer([this](int ready) {
    Sqlite live(file_);
    live.run("PRAGMA journal_mode = WAL; CREATE TABLE old (x); PRAGMA wal_checkpoint; PRAGMA wal_autocheckpoint = 0;");
    live.run("CREATE TABLE only_in_wal (x); INSERT INTO only_in_wal VALUES (7)");
    tell_ready(ready);
    ::pause();
  });
  ASSERT_TRUE(writer.ready());
  const auto wal_size = std::filesystem::file_size(file_.string() + "-wal");
  EXPECT_EQ(copy().tables, 2U);
  EXPECT_EQ(Sqlite(named_copy()).run("SELECT x FROM only_in_wal"), "7");
  EXPECT_EQ(std::filesystem::file_size(file_.string() + "-wal"), wal_size);
}

TEST_F(SqliteCopyTest, WalThatACrashLeft_IsInTheCopyAndStays) {
  {
    const OtherProcess writer([this](int ready) {
      Sqlite live(file_);
      live.run("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (7)");
      tell_ready(ready);
      ::pause();
    });
    ASSERT_TRUE(writer.ready());
  }
  const auto wal_size = std::filesystem::file_size(file_.string() + "-wal");
  EXPECT_EQ(copy().tables, 1U);
  EXPECT_EQ(Sqlite(named_copy()).run("SELECT x FROM t"), "7");
  EXPECT_EQ(std::filesystem::file_size(file_.string() + "-wal"), wal_size);
}

TEST_F(SqliteCopyTest, IdleWalDatabase_LeavesNothingBeside) {
  make_database(std::string("PRAGMA journal_mode = WAL;") + kSomeTables);
  EXPECT_EQ(copy().tables, 2U);
  EXPECT_EQ(Sqlite(named_copy()).run("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(site_files(), std::set<std::string>{"site.sqlite"});
}

TEST_F(SqliteCopyTest, HotJournal_IsRolledBackInTheCopy) {
  {
    const OtherProcess writer([this](int ready) {
      Sqlite live(file_);
      live.run("CREATE TABLE t (x, y); INSERT INTO t VALUES (1, zeroblob(200000));");
      live.run(
          "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE t SET x = 2; INSERT INTO t VALUES (3, "
          "zeroblob(400000));");
      tell_ready(ready);
      ::pause();
    });
    ASSERT_TRUE(writer.ready());
  }
  ASSERT_TRUE(site_files().contains("site.sqlite-journal"));
  (void)copy();
  Sqlite copied(named_copy());
  EXPECT_EQ(copied.run("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(copied.run("SELECT group_concat(x) FROM t"), "1");
}

// A writer that never rests moves an amount between two tables, rewrites many pages and lets the file grow.
void SqliteCopyTest::copy_stays_consistent(const std::string& journal_mode) {
  make_database(
      "PRAGMA journal_mode = " + journal_mode +
      "; CREATE TABLE plus (n); CREATE TABLE minus (n); INSERT INTO plus VALUES (0); INSERT INTO minus VALUES "
      "(0); CREATE TABLE filler (id INTEGER PRIMARY KEY, x);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
      "INSERT INTO filler SELECT i, randomblob(2000) FROM n;");
  const OtherProcess writer([this](int ready) {
    Sqlite live(file_);
    live.run("PRAGMA synchronous = OFF");
    for (int i = 1;; ++i) {
      live.run("BEGIN IMMEDIATE; UPDATE plus SET n = n + 1; UPDATE filler SET x = randomblob(2000) WHERE id % 97 = " +
               std::to_string(i % 97) +
               "; INSERT INTO filler (x) VALUES (randomblob(500)); UPDATE minus SET n = n - 1;" + "COMMIT;");
      if (i == 5) tell_ready(ready);
    }
  });
  ASSERT_TRUE(writer.ready());
  std::set<std::string> states;
  for (int round = 0; round < 4; ++round) {
    copy_ = unnamed_file(spool_folder_.get(), "the test's folder");
    EXPECT_EQ(copy(std::chrono::seconds(60)).tables, 3U);
    Sqlite copied(named_copy());
    EXPECT_EQ(copied.run("PRAGMA integrity_check"), "ok");
    const std::string plus = copied.run("SELECT n FROM plus");
    EXPECT_EQ(copied.run("SELECT -n FROM minus"), plus);
    states.insert(plus);
  }
  EXPECT_GT(states.size(), 1U) << "the writer stood still: the test shows nothing";
}

TEST_F(SqliteCopyTest, WriterThatNeverRests_WithJournal_GivesOneState) { copy_stays_consistent("DELETE"); }
TEST_F(SqliteCopyTest, WriterThatNeverRests_WithWal_GivesOneState) { copy_stays_consistent("WAL"); }

TEST_F(SqliteCopyTest, AnyPageSize_IsCopied) {
  for (const char* size : {"512", "4096", "65536"}) {
    std::filesystem::remove(file_);
    copy_ = unnamed_file(spool_folder_.get(), "the test's folder");
    make_database(std::string("PRAGMA page_size = ") + size + ";" + kSomeTables);
    EXPECT_EQ(copy().tables, 2U) << size;
    EXPECT_EQ(Sqlite(named_copy()).run("PRAGMA page_size"), size);
  }
}

TEST_F(SqliteCopyTest, LockedDatabase_IsAnErrorWhenPatienceEnds) {
  make_database(kSomeTables);
  const OtherProcess holder([this](int ready) {
    Sqlite live(file_);
    live.run("BEGIN EXCLUSIVE");
    tell_ready(ready);
    ::pause();
  });
  ASSERT_TRUE(holder.ready());
  const Error error = copy_error(std::chrono::milliseconds(200));
  EXPECT_EQ(error.kind(), ErrorKind::dump);
  EXPECT_TRUE(error.retryable());
  EXPECT_NE(error.message().find("locked"), std::string::npos) << error.message();
}

TEST_F(SqliteCopyTest, Cancelled_IsInterruptedAlsoWhileWaiting) {
  make_database(kSomeTables);
  cancellation_.cancel();
  EXPECT_EQ(copy_error().kind(), ErrorKind::interrupted);
}

TEST_F(SqliteCopyTest, WhatIsNoDatabase_IsRefused) {
  EXPECT_EQ(copy_error().kind(), ErrorKind::dump);
  EXPECT_NE(copy_error().message().find("No such file"), std::string::npos);
  scratch_.write("site/site.sqlite", "");
  EXPECT_NE(copy_error().message().find("empty"), std::string::npos);
  scratch_.write("site/site.sqlite", std::string(5'000, 'x'));
  EXPECT_NE(copy_error().message().find("not a database"), std::string::npos) << copy_error().message();
  scratch_.write("site/site.sqlite", "SQLite format 3");
  EXPECT_EQ(copy_error().kind(), ErrorKind::dump);
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  EXPECT_EQ(copy_error().kind(), ErrorKind::dump);
  std::filesystem::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0666), 0);
  EXPECT_NE(copy_error().message().find("no regular file"), std::string::npos);
}

TEST_F(SqliteCopyTest, TruncatedDatabase_IsRefused) {
  make_database(kSomeTables);
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 2);
  EXPECT_EQ(copy_error().kind(), ErrorKind::dump);
}

TEST_F(SqliteCopyTest, BrokenSchema_IsRefused) {
  make_database(std::string(kSomeTables) +
                "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE TABLE a (x' WHERE name = 'a';");
  EXPECT_EQ(copy_error().kind(), ErrorKind::dump);
}

TEST_F(SqliteCopyTest, FullTarget_IsNoSpace) {
  make_database(kSomeTables);
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit small = before;
  small.rlim_cur = 50'000;
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const Error error = copy_error();
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(error.kind(), ErrorKind::no_space) << error.message();
}

TEST_F(SqliteCopyTest, SymbolicLinks_AreNotFollowed) {
  const std::filesystem::path elsewhere = scratch_ / "elsewhere.sqlite";
  Sqlite(elsewhere).run(kSomeTables);
  std::filesystem::create_symlink(elsewhere, file_);
  EXPECT_NE(copy_error().hint().find("symbolic link"), std::string::npos);
  std::filesystem::create_directory_symlink(scratch_.path(), site_path_ / "folder");
  EXPECT_THROW((void)copy_sqlite(site_.get(), "folder/elsewhere.sqlite", copy_.get(), cancellation_), Error);
  EXPECT_THROW((void)copy_sqlite(site_.get(), "../elsewhere.sqlite", copy_.get(), cancellation_), Error);
  EXPECT_THROW((void)copy_sqlite(site_.get(), elsewhere.string(), copy_.get(), cancellation_), Error);
}

// Without care, opening a FIFO waits for ever: ctest ends the test then.
TEST_F(SqliteCopyTest, FifoInPlaceOfAJournal_EndsInAnError) {
  for (const char* mode : {"DELETE", "WAL"}) {
    for (const char* suffix : {"-journal", "-wal", "-shm"}) {
      std::filesystem::remove_all(site_path_);
      std::filesystem::create_directory(site_path_);
      site_.reset(::open(site_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      copy_ = unnamed_file(spool_folder_.get(), "the test's folder");
      make_database(std::string("PRAGMA journal_mode = ") + mode + ";" + kSomeTables);
      ASSERT_EQ(::mkfifo((file_.string() + suffix).c_str(), 0666), 0);
      try {
        EXPECT_EQ(copy(std::chrono::milliseconds(200)).tables, 2U) << mode << suffix;  // it was of no importance
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::dump) << mode << suffix;
      }
    }
  }
}

class SqliteCopyAsRootTest : public SqliteCopyTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

TEST_F(SqliteCopyAsRootTest, FilesThatSqliteMakes_BelongToTheSite) {
  make_database(std::string("PRAGMA journal_mode = WAL;") + kSomeTables);
  give_to_site_user();
  // As long as the site has it open, the files stay.
  const OtherProcess reader([this](int ready) {
    if (::setgid(kSiteUser) != 0 || ::setuid(kSiteUser) != 0) ::_exit(3);
    tell_ready(ready);
    for (;; ::usleep(500)) {
      Sqlite live(file_);
      live.run("SELECT count(*) FROM a");
    }
  });
  ASSERT_TRUE(reader.ready());
  for (int round = 0; round < 30; ++round) {
    copy_ = unnamed_file(spool_folder_.get(), "the test's folder");
    EXPECT_EQ(copy().tables, 2U);
    for (const std::string& name : site_files()) {
      struct stat status {};
      if (::lstat((site_path_ / name).c_str(), &status) != 0) continue;
      EXPECT_EQ(status.st_uid, kSiteUser) << name;
    }
  }
}

TEST_F(SqliteCopyAsRootTest, AfterTheCopy_TheThreadIsRootAgain) {
  make_database(kSomeTables);
  give_to_site_user();
  (void)copy();
  scratch_.write("site/site.sqlite", std::string(5'000, 'x'));
  EXPECT_EQ(copy_error().kind(), ErrorKind::dump);
  const std::filesystem::path made = scratch_.write("made", "x");
  struct stat status {};
  ASSERT_EQ(::stat(made.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U);
  EXPECT_EQ(status.st_gid, ::getegid());
}

// A journal that names a file which SQLite is to delete once it has rolled back (its "super-journal").
std::string journal_that_deletes(const std::string& victim) {
  const auto big_endian = [](std::uint32_t value) {
    return std::string{static_cast<char>(value >> 24U), static_cast<char>(value >> 16U), static_cast<char>(value >> 8U),
                       static_cast<char>(value)};
  };
  const std::string magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
  std::string journal = magic + big_endian(0) + big_endian(0) + big_endian(1) + big_endian(512) + big_endian(4096);
  journal.resize(512, '\0');
  std::uint32_t sum = 0;
  for (const char c : victim) sum += static_cast<std::uint32_t>(c);
  return journal + big_endian(1) + victim + big_endian(static_cast<std::uint32_t>(victim.size())) + big_endian(sum) +
         magic;
}

TEST_F(SqliteCopyAsRootTest, PlantedJournal_DeletesNoFileOfRoot) {
  const std::filesystem::path victim = scratch_.write("victim", "precious");
  for (const bool file_is_roots : {false, true}) {
    std::filesystem::remove(file_);
    make_database(kSomeTables);
    scratch_.write("site/site.sqlite-journal", journal_that_deletes(victim.string()));
    give_to_site_user();
    if (file_is_roots) {
      ASSERT_EQ(::chown(file_.c_str(), 0, 0), 0);  // in a folder of the site's
    }
    copy_ = unnamed_file(spool_folder_.get(), "the test's folder");
    try {
      (void)copy();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::dump);
    }
    EXPECT_TRUE(std::filesystem::exists(victim)) << file_is_roots;
  }
}

// The same journal in trusted hands shows that the test above can fail.
TEST_F(SqliteCopyAsRootTest, RootsOwnJournal_IsRolledBackAsRoot) {
  const std::filesystem::path victim = scratch_.write("victim", "precious");
  make_database(kSomeTables);
  scratch_.write("site/site.sqlite-journal", journal_that_deletes(victim.string()));
  try {
    (void)copy();
  } catch (const Error&) {
  }
  EXPECT_FALSE(std::filesystem::exists(victim));
}

TEST_F(SqliteCopyAsRootTest, LinkInPlaceOfAJournal_LeadsNowhere) {
  const std::filesystem::path victim = scratch_.write("victim", "precious");
  ::chmod(victim.c_str(), 0600);
  for (const char* suffix : {"-journal", "-wal", "-shm"}) {
    std::filesystem::remove_all(site_path_);
    std::filesystem::create_directory(site_path_);
    site_.reset(::open(site_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    make_database(std::string("PRAGMA journal_mode = WAL;") + kSomeTables);
    std::filesystem::create_symlink(victim, file_.string() + suffix);
    give_to_site_user();
    copy_ = unnamed_file(spool_folder_.get(), "the test's folder");
    try {
      (void)copy(std::chrono::milliseconds(200));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::dump);
    }
    EXPECT_EQ(read_small_file(victim, 100), "precious") << suffix;
  }
}

TEST_F(SqliteCopyAsRootTest, RootsFileWhereOthersWrite_IsRefused) {
  make_database(kSomeTables);
  ::chmod(site_path_.c_str(), 0775);
  EXPECT_NE(copy_error().hint().find("chown"), std::string::npos);
}

}  // namespace
}  // namespace wobackup
