// What happens to a backup when the server ends, or the schema changes, while the real dump program is at work: it is
// held still in the middle of a large table.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "bad_days/database_site.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using test::Child;
using test::content_of;
using test::Ended;
using test::holds;
using test::kSecret;
using test::server;

constexpr auto kPatience = std::chrono::minutes(1);

// Tables that are dumped in this order; the middle one takes a while.
constexpr const char* kTables =
    "CREATE TABLE a_first (id INT PRIMARY KEY); INSERT INTO a_first VALUES (1);"
    "CREATE TABLE m_large (id INT PRIMARY KEY, t TEXT);"
    "INSERT INTO m_large SELECT seq, REPEAT(MD5(seq), 100) FROM seq_1_to_12000;"
    "CREATE TABLE z_last (id INT PRIMARY KEY); INSERT INTO z_last VALUES (1);";

// The dump program that a process has started, or 0.
int dump_program_of(pid_t parent) {
  for (const auto& item : fs::directory_iterator("/proc")) {
    const std::string name = item.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string status = content_of(item.path() / "status");
    const std::size_t line = status.find("\nPPid:\t");
    if (line == std::string::npos || std::atoi(status.c_str() + line + 7) != parent) continue;
    const std::string arguments = content_of(item.path() / "cmdline");
    if (holds(arguments, "mariadb-dump") && holds(arguments, "--single-transaction")) return std::atoi(name.c_str());
  }
  return 0;
}

bool lives(int process) { return !content_of(fs::path("/proc") / std::to_string(process) / "cmdline").empty(); }

class DatabaseMidDump : public test::DatabaseSites {
 protected:
  DatabaseMidDump() : database_(add_site("a.example", kTables)) {}

  [[nodiscard]] std::vector<std::string> create() const { return with_config({"create", "a.example"}); }

  // The pattern is the dump program's own wording: an earlier watcher that is still listed must not match itself.
  [[nodiscard]] bool is_reading_large_table() const {
    DatabaseConnection watcher(server->root(), "", never_);
    return !watcher
                .rows(
                    "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND "
                    "INFO LIKE 'SELECT /*%FROM `m_large`%'")
                .empty();
  }
  // Holds the dump program still while it reads the large table; returns its id.
  [[nodiscard]] int stop_in_large_table(const Child& child) const {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      const int program = dump_program_of(child.pid());
      if (program == 0) {
        std::this_thread::sleep_for(milliseconds(1));
        continue;
      }
      ::kill(program, SIGSTOP);
      if (is_reading_large_table()) return program;
      ::kill(program, SIGCONT);
    }
    throw std::runtime_error("the dump never came to the large table");
  }
  void alter(const std::string& sql) const { DatabaseConnection(server->root(), database_, never_).execute(sql); }

  Cancellation never_;
  std::string database_;
};

TEST_F(DatabaseMidDump, ServerKilled_FailsAndLeavesNothing) {
  for (const bool admin : {false, true}) {
    if (admin) use_admin();
    Child child(create());
    const int program = stop_in_large_table(child);
    server->kill_and_restart();
    ::kill(program, SIGCONT);
    expect_dump_failed(child.wait(), "a.example", {"mariadb-dump ended with exit status", "2013"});
  }
}

TEST_F(DatabaseMidDump, ServerStopped_FailsAndLeavesNothing) {
  Child child(create());
  const int program = stop_in_large_table(child);
  server->stop();
  ::kill(program, SIGCONT);
  expect_dump_failed(child.wait(), "a.example", {"mariadb-dump ended with exit status"});
  server->start();
  EXPECT_EQ(run({"create", "a.example"}).exit_code, 0);
}

TEST_F(DatabaseMidDump, DumpProgramKilled_FailsAndLeavesNothing) {
  Child child(create());
  ::kill(stop_in_large_table(child), SIGKILL);
  expect_dump_failed(child.wait(), "a.example", {"mariadb-dump ended with killed by signal 9"});
}

TEST_F(DatabaseMidDump, CommandKilled_TakesTheDumpProgramWithIt) {
  Child child(create());
  const int program = stop_in_large_table(child);
  child.send(SIGKILL);
  EXPECT_EQ(child.wait().signal, SIGKILL);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (lives(program) && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_FALSE(lives(program));
  expect_no_plain_dump();
  EXPECT_EQ(run({"create", "a.example"}).exit_code, 0);
  EXPECT_EQ(archives("a.example").size(), 1U) << "what the killed run left is gone";
}

TEST_F(DatabaseMidDump, Interrupted_EndsTheDumpProgram) {
  Child child(create());
  const int program = stop_in_large_table(child);
  child.send(SIGINT);
  const Ended ended = child.wait();
  EXPECT_EQ(ended.exit_code, 130) << ended.output;
  EXPECT_TRUE(archives("a.example").empty());
  EXPECT_FALSE(lives(program));
}

TEST_F(DatabaseMidDump, SchemaChanged_IsDumpedAgainWithTheNewSchema) {
  for (const char* change : {"ALTER TABLE z_last ADD added INT", "CREATE TABLE z_later (added INT)",
                             "CREATE TRIGGER added BEFORE INSERT ON a_first FOR EACH ROW SET NEW.id = 2",
                             "CREATE FUNCTION added() RETURNS INT DETERMINISTIC RETURN 1", "DROP TABLE a_first"}) {
    use_admin();
    Child child(create());
    const int program = stop_in_large_table(child);
    alter(change);
    ::kill(program, SIGCONT);
    const Ended ended = child.wait();
    EXPECT_EQ(ended.exit_code, 0) << change << ended.output;
    const std::string dump = dump_of("a.example");
    EXPECT_TRUE(holds(dump, "added")) << change;
    EXPECT_EQ(holds(dump, "a_first"), std::string_view(change) != "DROP TABLE a_first");
    EXPECT_EQ(dump.find("-- MariaDB dump"), dump.rfind("-- MariaDB dump")) << "the first try is in it too";
    fs::remove_all(site_folder("a.example") / "backup");
  }
}

TEST_F(DatabaseMidDump, SchemaChangedInBothTries_Fails) {
  Child child(create());
  const int first = stop_in_large_table(child);
  alter("ALTER TABLE z_last ADD one INT");
  ::kill(first, SIGCONT);
  while (dump_program_of(child.pid()) == first) std::this_thread::sleep_for(milliseconds(1));
  const int second = stop_in_large_table(child);
  alter("ALTER TABLE z_last ADD two INT");
  ::kill(second, SIGCONT);
  expect_dump_failed(child.wait(), "a.example", {"the schema changed during the dump, twice"});
}

TEST_F(DatabaseMidDump, RowsThatChange_AreAsTheyWereAtTheBeginning) {
  Child child(create());
  const int program = stop_in_large_table(child);
  alter("INSERT INTO z_last VALUES (2)");
  alter("DELETE FROM m_large");
  ::kill(program, SIGCONT);
  const Ended ended = child.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.output;
  const std::string dump = dump_of("a.example");
  EXPECT_TRUE(holds(dump, "\n(12000,'"));
  EXPECT_TRUE(holds(dump, "INSERT INTO `z_last` VALUES\n(1);"));
}

TEST_F(DatabaseMidDump, NothingOfItIsInTheOpen) {
  Child child(create());
  const int program = stop_in_large_table(child);
  const fs::path process = fs::path("/proc") / std::to_string(program);
  const std::string arguments = content_of(process / "cmdline"), surroundings = content_of(process / "environ");
  EXPECT_TRUE(holds(arguments, "--defaults-file=/dev/fd/")) << arguments;
  EXPECT_FALSE(holds(arguments, kSecret)) << arguments;
  EXPECT_FALSE(holds(surroundings, kSecret)) << surroundings;
  EXPECT_TRUE(holds(content_of(process / "status"), "\nUid:\t65534\t65534\t65534\t65534\n")) << "not nobody's";
  expect_no_plain_dump();
  // Files without a name, too.
  for (const auto& item : fs::directory_iterator(fs::path("/proc") / std::to_string(child.pid()) / "fd")) {
    if (!fs::is_regular_file(item.path())) continue;
    const std::string content = content_of(item.path());
    EXPECT_FALSE(holds(content, "CREATE TABLE `")) << fs::read_symlink(item.path());
    EXPECT_FALSE(holds(content, "INSERT INTO `")) << fs::read_symlink(item.path());
  }
  ::kill(program, SIGCONT);
  const Ended ended = child.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.output;
  EXPECT_FALSE(holds(ended.output, kSecret));
}

}  // namespace
}  // namespace wobackup
