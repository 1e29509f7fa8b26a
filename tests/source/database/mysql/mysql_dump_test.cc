// The dump contract against a real MariaDB.
#include "source/database/mysql_dump.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <map>
#include <thread>

#include "base/text.h"
#include "database/inventory.h"
#include "fakes/private_mariadb.h"
#include "source/database/mysql/real_databases.h"

namespace wobackup {
namespace {

std::unique_ptr<test::PrivateMariadb> server;

class ServerEnvironment : public ::testing::Environment {
 public:
  void SetUp() override { server = std::make_unique<test::PrivateMariadb>(); }
  void TearDown() override { server.reset(); }
};
const auto* const environment = ::testing::AddGlobalTestEnvironment(new ServerEnvironment);

class FileSink final : public ByteSink {
 public:
  explicit FileSink(std::filesystem::path path) : path_(std::move(path)), file_(path_, std::ios::binary) {}
  void write(ByteSpan bytes) override {
    file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file_.flush();
  }
  void restart() override {
    ++restarts;
    file_.close();
    file_.open(path_, std::ios::binary | std::ios::trunc);
  }
  int restarts = 0;

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

class MysqlDumpTest : public ::testing::Test {
 protected:
  std::string add(const std::string& sql, const std::string& privileges = "ALL PRIVILEGES") {
    static int count = 0;
    const std::string name = "db" + std::to_string(++count);
    server->add_database(name, "p#w", privileges);
    server->run(name, sql);
    return name;
  }
  DumpReport dump(const std::string& name, bool as_admin = true, const std::string& password = "p#w") {
    defaults_.admin = as_admin;
    defaults_.defaults_file = server->defaults_file();
    DatabaseLogin login{name, name, password, {}};
    login.host.socket = server->socket();
    const DumpRequest request{.site = "example.com",
                              .login = login,
                              .database = name,
                              .named_by_admin = true,
                              .defaults = defaults_,
                              .on_size = {},
                              .on_note = [this](const std::string& what) { notes_.push_back(what); }};
    sink_ = std::make_unique<FileSink>(folder_ / "dump.sql");
    return dump_database(request, *sink_, cancellation_);
  }
  std::string failure(const std::string& name, bool as_admin = true, const std::string& password = "p#w") {
    try {
      static_cast<void>(dump(name, as_admin, password));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::dump) << error.message();
      return error.message() + " / " + error.hint();
    }
    ADD_FAILURE() << "the dump did not fail";
    return {};
  }
  static std::string text(const SqlRow& row, std::size_t column) { return row.at(column).value_or("NULL"); }

  // What CHECKSUM TABLE and SHOW CREATE say of everything.
  static std::map<std::string, std::string> describe(const std::string& database) {
    const Cancellation never;
    DatabaseConnection connection(server->root(), database, never);
    std::map<std::string, std::string> facts;
    const Inventory inventory = take_inventory(connection);
    for (const auto& [name, table] : inventory.tables) {
      facts["sum " + name] = text(connection.rows("CHECKSUM TABLE " + quoted_name(name)).at(0), 1);
      facts["table " + name] = text(connection.rows("SHOW CREATE TABLE " + quoted_name(name)).at(0), 1);
    }
    for (const auto& name : inventory.views) {
      facts["view " + name] = text(connection
                                       .rows("SELECT VIEW_DEFINITION, DEFINER, SECURITY_TYPE FROM "
                                             "information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND "
                                             "TABLE_NAME = " +
                                             quoted_text(name))
                                       .at(0),
                                   0);
    }
    for (const auto& name : inventory.triggers) {
      facts["trigger " + name] = text(connection.rows("SHOW CREATE TRIGGER " + quoted_name(name)).at(0), 2);
    }
    for (const auto& name : inventory.events) {
      facts["event " + name] = text(connection.rows("SHOW CREATE EVENT " + quoted_name(name)).at(0), 3);
    }
    for (const auto& name : inventory.routines) {
      const std::string kind = name.substr(0, name.find(' '));
      facts[name] =
          text(connection.rows("SHOW CREATE " + kind + " " + quoted_name(name.substr(kind.size() + 1))).at(0), 2);
    }
    for (const auto& name : inventory.sequences) {
      facts["sequence " + name] =
          text(connection.rows("SHOW CREATE SEQUENCE " + quoted_name(name)).at(0), 1) +
          text(connection.rows("SELECT next_not_cached_value FROM " + quoted_name(name)).at(0), 0);
    }
    return facts;
  }
  std::filesystem::path script(const std::string& body) {
    const auto path = folder_.write("dump-program", "#!/bin/bash\n" + body);
    ::chmod(path.c_str(), 0755);
    ::chmod(folder_.path().c_str(), 0777);
    return path;
  }

  test::ScratchFolder folder_;
  DatabaseDefaults defaults_;
  Cancellation cancellation_;
  std::unique_ptr<FileSink> sink_;
  std::vector<std::string> notes_;
};

TEST_F(MysqlDumpTest, LoadedIntoAnEmptyDatabase_EverythingIsEqual) {
  const std::string name = add(test::kEverything);
  const DumpReport report = dump(name);
  EXPECT_EQ(report.tables, 13U);
  EXPECT_EQ(report.rows, 4U + 2 + 1 + 3 + 2 + 1 + 5 + 3 + 1 + 1 + 1 + 1);
  EXPECT_FALSE(report.description.contains("broken_views"));
  const auto before = describe(name);
  server->run("", "DROP DATABASE " + name + "; CREATE DATABASE " + name + " CHARACTER SET utf8mb4;");
  server->load(name, folder_ / "dump.sql");
  EXPECT_EQ(describe(name), before);
}

TEST_F(MysqlDumpTest, LoadedIntoAnEmptyDatabase_OddThingsAreEqual) {
  const std::string name = add(test::kOddThings);
  static_cast<void>(dump(name));
  EXPECT_TRUE(notes_.empty()) << notes_.front();
  const auto before = describe(name);
  server->run("", "DROP DATABASE " + name + "; CREATE DATABASE " + name + " CHARACTER SET utf8mb4;");
  server->load(name, folder_ / "dump.sql");
  EXPECT_EQ(describe(name), before);
}

TEST_F(MysqlDumpTest, HistoryOfAVersionedTable_IsNotedAsMissing) {
  const std::string name =
      add("CREATE TABLE versioned (id INT) WITH SYSTEM VERSIONING; INSERT INTO versioned VALUES (1), (2); DELETE FROM "
          "versioned WHERE id = 2;");
  EXPECT_EQ(dump(name).rows, 1U);
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_.front().find("versioned"), std::string::npos) << notes_.front();
}

TEST_F(MysqlDumpTest, DatabaseWithAnOddName_IsDumped) {
  for (const std::string name : {"a b.c`d'e\"f;g", "--all-databases", "ünï"}) {
    server->add_database(name, "p#w");
    Cancellation never;
    DatabaseConnection connection(server->root(), name, never);
    connection.execute("CREATE TABLE `x``y` (id INT) ENGINE=MyISAM");
    connection.execute("INSERT INTO `x``y` VALUES (1)");
    connection.execute("CREATE TABLE gone (id INT)");
    connection.execute("CREATE VIEW `broken.view` AS SELECT * FROM gone");
    connection.execute("DROP TABLE gone");
    const DumpReport report = dump(name);
    EXPECT_EQ(report.rows, 1U) << name;
    EXPECT_EQ(report.description["broken_views"].size(), 1U) << name;
  }
}

TEST_F(MysqlDumpTest, RowOf60Megabytes_ComesBackTheSame) {
  const std::string name = add(
      "CREATE TABLE big (id INT PRIMARY KEY, t LONGTEXT, b LONGBLOB); INSERT INTO big VALUES (1, REPEAT('x\\\\\\'', "
      "10000000), REPEAT(0x00FF5C27, 7500000)), (2, 'y', '');");
  EXPECT_EQ(dump(name).rows, 2U);
  const auto before = describe(name);
  server->run("", "DROP DATABASE " + name + "; CREATE DATABASE " + name + " CHARACTER SET utf8mb4;");
  server->load(name, folder_ / "dump.sql");
  EXPECT_EQ(describe(name), before);
}

TEST_F(MysqlDumpTest, EmptyDatabase_IsAWholeDump) {
  const DumpReport report = dump(add("SELECT 1;"));
  EXPECT_EQ(report.tables, 0U);
}

TEST_F(MysqlDumpTest, RowOf60Megabytes_IsCountedAndItsPacketNoted) {
  const std::string name =
      add("CREATE TABLE big (id INT PRIMARY KEY, t LONGTEXT); INSERT INTO big VALUES (1, REPEAT('x', 60000000)), (2, "
          "'y');");
  const DumpReport report = dump(name);
  EXPECT_EQ(report.rows, 2U);
  EXPECT_GT(report.description["max_allowed_packet"].get<std::uint64_t>(), 60'000'000U);
}

TEST_F(MysqlDumpTest, Sections_CutOneTableOutOfTheDump) {
  const std::string name =
      add("CREATE TABLE a (id INT); INSERT INTO a VALUES (1); CREATE TABLE b (id INT); INSERT INTO b VALUES (2),(3);");
  const DumpReport report = dump(name);
  const std::string sql = [&] {
    std::ifstream file(folder_ / "dump.sql");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  const Json& b = report.description["tables"][1];
  EXPECT_EQ(b["name"], "b");
  EXPECT_EQ(b["rows"], 2);
  const auto part = [&](const char* key) {
    return sql.substr(b[key][0], b[key][1].get<std::size_t>() - b[key][0].get<std::size_t>());
  };
  server->run("", "CREATE DATABASE cut_" + name + ";");
  server->run("cut_" + name, part("schema") + "\n" + part("data"));
  DatabaseConnection connection(server->root(), "cut_" + name, cancellation_);
  EXPECT_EQ(text(connection.rows("SELECT SUM(id) FROM b").at(0), 0), "5");
}

TEST_F(MysqlDumpTest, BrokenView_KeepsItsTextAndIsNoted) {
  const std::string name =
      add("CREATE TABLE base (id INT); CREATE VIEW broken AS SELECT id AS marker FROM base; DROP TABLE base; CREATE "
          "TABLE fine (id INT);");
  const DumpReport report = dump(name);
  ASSERT_EQ(report.description["broken_views"].size(), 1U);
  EXPECT_NE(report.description["broken_views"][0]["definition"].get<std::string>().find("marker"), std::string::npos);
  EXPECT_EQ(notes_.size(), 1U);
  std::ifstream file(folder_ / "dump.sql");
  std::string first;
  std::getline(file, first);
  EXPECT_TRUE(first.starts_with("/*M!999999\\- enable the sandbox mode */"));
  server->run("", "CREATE DATABASE again_" + name + ";");
  server->load("again_" + name, folder_ / "dump.sql");
}

TEST_F(MysqlDumpTest, OwnLogin_IsEnoughForItsOwnDatabase) {
  const std::string name = add("CREATE TABLE a (id INT) ENGINE=MyISAM; INSERT INTO a VALUES (1);");
  EXPECT_EQ(dump(name, false).rows, 1U);
}

TEST_F(MysqlDumpTest, RoutineOfAnother_FailsWithTheOwnLogin) {
  const std::string name = add("CREATE FUNCTION hidden() RETURNS INT DETERMINISTIC RETURN 1;");
  EXPECT_NE(failure(name, false).find("hidden"), std::string::npos);
}

TEST_F(MysqlDumpTest, MissingPrivileges_AreNamed) {
  const std::string name = add("CREATE TABLE a (id INT);", "SELECT, INSERT, UPDATE, DELETE");
  const std::string message = failure(name, false);
  EXPECT_NE(message.find("TRIGGER"), std::string::npos);
  EXPECT_NE(message.find("EVENT"), std::string::npos);
}

TEST_F(MysqlDumpTest, WrongPassword_NamesUserAndNumber) {
  const std::string name = add("SELECT 1;");
  const std::string message = failure(name, true, "wrong");
  EXPECT_NE(message.find("1045"), std::string::npos);
  EXPECT_NE(message.find(name), std::string::npos);
  EXPECT_EQ(message.find("wrong"), std::string::npos);
}

TEST_F(MysqlDumpTest, DatabaseThatTheOwnLoginCannotOpen_IsNotDumpedByTheAdmin) {
  const std::string other = add("CREATE TABLE secret (id INT);");
  const std::string name = add("SELECT 1;");
  DatabaseLogin login{other, name, "p#w", {}};
  login.host.socket = server->socket();
  defaults_.defaults_file = server->defaults_file();
  const DumpRequest request{.site = "example.com",
                            .login = login,
                            .database = other,
                            .named_by_admin = true,
                            .defaults = defaults_,
                            .on_size = {},
                            .on_note = {}};
  FileSink sink(folder_ / "dump.sql");
  EXPECT_THROW(static_cast<void>(dump_database(request, sink, cancellation_)), Error);
  EXPECT_EQ(std::filesystem::file_size(folder_ / "dump.sql"), 0U);
}

TEST_F(MysqlDumpTest, SchemaChangedDuringTheDump_IsDumpedAgain) {
  const std::string name = add("CREATE TABLE a (id INT); INSERT INTO a VALUES (1);");
  defaults_.dump_program = script(
      "[[ $1 == --version ]] && exec mariadb-dump --version\nmariadb-dump \"$@\" || exit\n"
      "[[ -e " +
      (folder_ / "done").string() +
      " ]] && exit 0\n"
      "touch " +
      (folder_ / "done").string() +
      "\n"
      "mariadb --no-defaults -uroot -S " +
      server->socket() + " " + name + " -e 'ALTER TABLE a ADD x INT'\n");
  EXPECT_EQ(dump(name).rows, 1U);
  EXPECT_EQ(sink_->restarts, 1);
}

TEST_F(MysqlDumpTest, SchemaChangedTwice_Fails) {
  const std::string name = add("CREATE TABLE a (id INT);");
  defaults_.dump_program = script(
      "[[ $1 == --version ]] && exec mariadb-dump --version\nmariadb-dump \"$@\" || exit\n"
      "mariadb --no-defaults -uroot -S " +
      server->socket() + " " + name + " -e \"ALTER TABLE a ADD x$RANDOM$RANDOM INT\"\n");
  EXPECT_NE(failure(name).find("schema changed"), std::string::npos);
}

TEST_F(MysqlDumpTest, CutOffDump_Fails_ThoughTheProgramEndsWithZero) {
  const std::string name = add("CREATE TABLE a (id INT);");
  defaults_.dump_program =
      script("[[ $1 == --version ]] && exec mariadb-dump --version\nmariadb-dump \"$@\" | head -n -1\n");
  EXPECT_NE(failure(name).find("completion marker"), std::string::npos);
}

TEST_F(MysqlDumpTest, TableMissingInTheDump_Fails) {
  const std::string name = add("CREATE TABLE a (id INT); CREATE TABLE b (id INT);");
  defaults_.dump_program =
      script("[[ $1 == --version ]] && exec mariadb-dump --version\nmariadb-dump \"$1\" --ignore-table=" + name +
             ".b \"${@:2}\"\n");
  EXPECT_NE(failure(name).find("table b"), std::string::npos);
}

TEST_F(MysqlDumpTest, ComplainingProgram_Fails) {
  const std::string name = add("CREATE TABLE a (id INT);");
  defaults_.dump_program = script(
      "[[ $1 == --version ]] && exec mariadb-dump --version\nmariadb-dump \"$@\"; echo 'skipped something' >&2\n");
  EXPECT_NE(failure(name).find("skipped something"), std::string::npos);
}

TEST_F(MysqlDumpTest, Cancelled_EndsTheProgramSoon) {
  const std::string name = add("CREATE TABLE a (id INT);");
  defaults_.dump_program = script("[[ $1 == --version ]] && exec mariadb-dump --version\nexec sleep 60\n");
  std::jthread canceller([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    cancellation_.cancel();
  });
  try {
    static_cast<void>(dump(name));
    ADD_FAILURE() << "not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
  }
}

TEST_F(MysqlDumpTest, ServerKilledInMidDump_Fails) {
  const std::string name = add("CREATE TABLE a (id INT); INSERT INTO a SELECT seq FROM seq_1_to_1000;");
  const auto reached = folder_ / "reached";
  defaults_.dump_program =
      script("[[ $1 == --version ]] && exec mariadb-dump --version\necho '-- begun'; touch " + reached.string() +
             "; while [[ ! -e " + (folder_ / "go").string() + " ]]; do sleep 0.05; done; exec mariadb-dump \"$@\"\n");
  std::jthread killer([&] {
    while (!std::filesystem::exists(reached)) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(server->pid(), SIGKILL);
    folder_.write("go", "");
  });
  const std::string message = failure(name);
  EXPECT_NE(message.find("20"), std::string::npos) << message;
  killer.join();
  server->kill_and_restart();
}

}  // namespace
}  // namespace wobackup
