// Visitors read and write while databases are exchanged.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "fakes/refusal.h"
#include "target/swap/swap.h"
#include "target/swap/swap_fixture.h"

namespace wobackup {
namespace {

using test::Contents;
using test::differences;
using test::SwapTest;
using namespace std::chrono_literals;

const char* const kTablesWithTriggers = R"(
CREATE TABLE plain (id INT AUTO_INCREMENT PRIMARY KEY, num INT);
CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, num INT, part VARCHAR(2));
CREATE TABLE w1 (id INT AUTO_INCREMENT PRIMARY KEY, num INT, touched INT DEFAULT 0);
CREATE TABLE w2 LIKE w1;
CREATE TABLE w3 LIKE w1;
CREATE TRIGGER w1_before BEFORE INSERT ON w1 FOR EACH ROW SET NEW.touched = 1;
CREATE TRIGGER w1_after AFTER INSERT ON w1 FOR EACH ROW INSERT INTO log (num, part) VALUES (NEW.num, 'w1');
CREATE TRIGGER w2_before BEFORE INSERT ON w2 FOR EACH ROW SET NEW.touched = 1;
CREATE TRIGGER w2_after AFTER INSERT ON w2 FOR EACH ROW INSERT INTO log (num, part) VALUES (NEW.num, 'w2');
CREATE TRIGGER w3_before BEFORE INSERT ON w3 FOR EACH ROW SET NEW.touched = 1;
CREATE TRIGGER w3_after AFTER INSERT ON w3 FOR EACH ROW INSERT INTO log (num, part) VALUES (NEW.num, 'w3');
)";

// Writes numbered rows until told to stop, each by an own statement or within a transaction.
class Visitor {
 public:
  Visitor(const ServerLogin& login, int number, std::atomic<bool>& stop)
      : thread_([this, login, number, &stop] { write(login, number, stop); }) {}

  void join() { thread_.join(); }
  [[nodiscard]] const std::set<int>& committed() const { return committed_; }
  [[nodiscard]] const std::set<std::string>& errors() const { return errors_; }

 private:
  void write(const ServerLogin& login, int number, std::atomic<bool>& stop) {
    const Cancellation never;
    DatabaseConnection connection(login, "liveq", never);
    for (int i = 0; !stop; ++i) {
      const std::string row = std::to_string(number * 1'000'000 + i);
      const std::string insert = "INSERT INTO w" + std::to_string(1 + i % 3) + " (num) VALUES (" + row + ")";
      try {
        if (i % 10 == 0) {
          connection.execute("BEGIN");
          connection.execute("INSERT INTO plain (num) VALUES (" + row + ")");
          connection.execute(insert);
          connection.execute("COMMIT");
        } else {
          connection.execute(insert);
        }
        committed_.insert(number * 1'000'000 + i);
      } catch (const Error& error) {
        errors_.insert(error.message());
        static_cast<void>(connection.error_of("ROLLBACK"));
      }
      std::this_thread::sleep_for(500us);
    }
  }

  std::set<int> committed_;
  std::set<std::string> errors_;
  std::thread thread_;
};

TEST_F(SwapTest, WritesDuringSwaps_AreAllKept) {
  run(kLive, kTablesWithTriggers);
  run(kShadow, kTablesWithTriggers);
  std::atomic<bool> stop = false;
  std::vector<std::unique_ptr<Visitor>> visitors;
  for (int i = 1; i <= 4; ++i) visitors.push_back(std::make_unique<Visitor>(server().root(), i, stop));
  std::vector<std::string> schemas{kLive, kShadow};
  SwapRequest wanted = request();
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(100ms);
    schemas.push_back(wanted.safety);
    EXPECT_NO_THROW(static_cast<void>(swap(wanted, never_)));
    SwapRequest undo = undo_of(server().root(), saved_, "safetyq" + std::to_string(round));
    undo.patience = wanted.patience;
    undo.persist = wanted.persist;
    wanted = undo;
  }
  std::this_thread::sleep_for(50ms);
  stop = true;
  std::set<int> committed, found;
  for (const auto& visitor : visitors) {
    visitor->join();
    committed.insert(visitor->committed().begin(), visitor->committed().end());
    for (const std::string& error : visitor->errors()) {
      // A transaction may lose against the RENAME; nothing else may happen to a visitor.
      EXPECT_TRUE(error.ends_with("(1213)") || error.ends_with("(1205)")) << error;
    }
  }
  DatabaseConnection connection = connect();
  std::size_t rows = 0;
  for (const std::string& schema : schemas) {
    if (connection.rows("SHOW DATABASES LIKE '" + schema + "'").empty() || contents(schema).empty()) continue;
    for (const std::string table : {"w1", "w2", "w3"}) {
      for (const SqlRow& row : connection.rows("SELECT num FROM " + schema + "." + table)) {
        found.insert(std::stoi(*row[0]));
        ++rows;
      }
    }
  }
  EXPECT_EQ(found, committed);
  EXPECT_EQ(rows, committed.size());
  EXPECT_GT(rows, 200U);
  for (int round = 0; round < 5; ++round) run("", "DROP DATABASE IF EXISTS safetyq" + std::to_string(round));
}

TEST_F(SwapTest, OpenTransaction_IsNamedAndNothingIsChanged) {
  fill_live();
  fill_shadow();
  const Contents before = contents(kLive, true), loaded = contents(kShadow, true);
  DatabaseConnection visitor = connect(kLive);
  const std::string id = *visitor.rows("SELECT CONNECTION_ID()")[0][0];
  visitor.execute("BEGIN");
  visitor.execute("INSERT INTO parent VALUES (77)");
  SwapRequest wanted = request();
  wanted.patience.retries = 1;
  try {
    static_cast<void>(swap(wanted, never_));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::locked);
    EXPECT_TRUE(error.retryable());
    EXPECT_NE(error.message().find("connection " + id + " (root@localhost"), std::string::npos) << error.message();
  }
  visitor.execute("ROLLBACK");
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  EXPECT_EQ(differences(contents(kShadow, true), loaded), "");
  EXPECT_EQ(value("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'safetyq'"), "0");
  static_cast<void>(swap(wanted, never_));
  EXPECT_EQ(differences(contents(kLive, true), loaded), "");
}

TEST_F(SwapTest, TransactionThatEnds_IsWaitedFor) {
  run(kLive, kTablesWithTriggers);
  run(kShadow, kTablesWithTriggers);
  DatabaseConnection visitor = connect(kLive);
  visitor.execute("BEGIN");
  visitor.execute("INSERT INTO plain (num) VALUES (1)");
  std::atomic<bool> stop = false;
  Visitor other(server().root(), 1, stop);
  std::jthread ends([&] {
    std::this_thread::sleep_for(2500ms);
    visitor.execute("COMMIT");
  });
  static_cast<void>(swap(request(), never_));
  stop = true;
  other.join();
  EXPECT_EQ(value("SELECT COUNT(*) FROM safetyq.plain WHERE num = 1"), "1");
}

TEST_F(SwapTest, CancelledSwap_LeavesEverythingAsItWas) {
  fill_live();
  fill_shadow();
  const Contents before = contents(kLive, true), loaded = contents(kShadow, true);
  DatabaseConnection visitor = connect(kLive);
  visitor.execute("BEGIN");
  visitor.execute("SELECT * FROM posts");
  Cancellation cancellation;
  const std::jthread canceller([&] {
    std::this_thread::sleep_for(700ms);
    cancellation.cancel();
    std::this_thread::sleep_for(300ms);
    visitor.execute("COMMIT");
  });
  static_cast<void>(test::refusal([&] { static_cast<void>(swap(request(), cancellation)); }, ErrorKind::interrupted));
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  EXPECT_EQ(differences(contents(kShadow, true), loaded), "");
}

}  // namespace
}  // namespace wobackup
