// The exchange, its undo, and what it refuses, without anybody in the way.
#include "target/swap/swap.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fakes/refusal.h"
#include "target/swap/swap_fixture.h"
#include "target/swap/swap_privileges.h"

namespace wobackup {
namespace {

using test::Contents;
using test::differences;
using test::SwapTest;

TEST_F(SwapTest, WholeDatabase_IsExchanged) {
  fill_live();
  fill_shadow();
  const Contents before = contents(kLive), loaded = contents(kShadow);
  const SwapResult result = swap(request(), never_);
  EXPECT_EQ(differences(contents(kLive), loaded), "");
  EXPECT_EQ(differences(contents(kSafety), before), "");
  EXPECT_EQ(differences(contents(kShadow), Contents{}), "");
  EXPECT_EQ(result.saved, saved_);
  EXPECT_EQ(state(), SwapState::done);
  DatabaseConnection connection = connect();
  EXPECT_TRUE(drop_if_empty(connection, kShadow));
  EXPECT_FALSE(drop_if_empty(connection, kSafety));
  EXPECT_EQ(value("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'shadowq'"), "0");
}

TEST_F(SwapTest, ExchangedDatabase_Works) {
  fill_live();
  fill_shadow();
  const std::string word = value("SELECT HEX(word) FROM shadowq.old_charset");
  static_cast<void>(swap(request(), never_));
  run(kLive, "CALL add_post('hello '); INSERT INTO counted (x) VALUES (3); DELETE FROM child; SELECT * FROM a_top;");
  EXPECT_EQ(value("SELECT loud FROM liveq.z_base ORDER BY id DESC LIMIT 1"), "HELLO NEW new");
  EXPECT_EQ(value("SELECT hits FROM liveq.posts ORDER BY id DESC LIMIT 1"), "10");
  EXPECT_EQ(value("SELECT what FROM liveq.audit ORDER BY id DESC LIMIT 1"), "new");
  EXPECT_EQ(value("SELECT HEX(liveq.old_charset())"), "636166C3A96E6577");
  EXPECT_EQ(value("SELECT HEX(word) FROM liveq.old_charset"), word);
  run(kSafety, "INSERT INTO counted (x) VALUES (3); DELETE FROM child;");
  EXPECT_EQ(value("SELECT MAX(id) FROM safetyq.counted"), "110");
  EXPECT_EQ(value("SELECT MAX(id) FROM liveq.counted"), "110");
}

TEST_F(SwapTest, Events_RestInSafetyAndRunInLive) {
  fill_live();
  fill_shadow();
  run(kShadow, "ALTER EVENT daily DISABLE");
  SwapRequest wanted = request();
  wanted.event_status = {{"daily", "ENABLED"}};
  static_cast<void>(swap(wanted, never_));
  EXPECT_EQ(value("SELECT GROUP_CONCAT(DISTINCT STATUS) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'safetyq'"),
            "DISABLED");
  EXPECT_EQ(value("SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'liveq' AND EVENT_NAME = 'daily'"),
            "ENABLED");
  EXPECT_EQ(state(), SwapState::done);
}

TEST_F(SwapTest, ForeignDefiners_BecomeTheSitesUserInLiveOnly) {
  fill_live();
  fill_shadow();
  const Contents before = contents(kLive, true);
  SwapRequest wanted = request();
  wanted.site_user = Account{"site", "localhost"};
  static_cast<void>(swap(wanted, never_));
  for (const char* table : {"VIEWS WHERE TABLE_SCHEMA", "TRIGGERS WHERE TRIGGER_SCHEMA",
                            "ROUTINES WHERE ROUTINE_SCHEMA", "EVENTS WHERE EVENT_SCHEMA"}) {
    EXPECT_EQ(
        value(std::string("SELECT GROUP_CONCAT(DISTINCT DEFINER) FROM information_schema.") + table + " = 'liveq'"),
        "site@localhost");
  }
  EXPECT_EQ(value("SELECT SECURITY_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'liveq' AND "
                  "ROUTINE_NAME = 'add_post'"),
            "INVOKER");
  EXPECT_EQ(state(), SwapState::done);
  static_cast<void>(swap(undo_of(server().root(), saved_, "safety2q"), never_));
  EXPECT_EQ(differences(contents(kLive, true), before), "");
}

TEST_F(SwapTest, Undo_BringsTheFormerDatabaseBackAndKeepsTheOther) {
  fill_live();
  fill_shadow();
  const Contents before = contents(kLive, true);
  static_cast<void>(swap(request(), never_));
  run(kLive, "INSERT INTO posts (title) VALUES ('written after the swap')");
  const Contents after = contents(kLive);
  static_cast<void>(swap(undo_of(server().root(), saved_, "safety2q"), never_));
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  EXPECT_EQ(differences(contents("safety2q"), after), "");
  EXPECT_EQ(differences(contents(kSafety), Contents{}), "");
}

TEST_F(SwapTest, FinishedSwap_IsTakenBackAndFinishedAgain) {
  fill_live();
  fill_shadow();
  const Contents before = contents(kLive, true), loaded = contents(kShadow, true);
  static_cast<void>(swap(request(), never_));
  for (int round = 0; round < 2; ++round) {
    take_back_swap(server().root(), saved_, request().patience, never_);
    EXPECT_EQ(state(), SwapState::not_begun);
    EXPECT_EQ(differences(contents(kLive, true), before), "");
    EXPECT_EQ(differences(contents(kShadow, true), loaded), "");
    EXPECT_EQ(differences(contents(kSafety), Contents{}), "");
    finish_swap(server().root(), saved_, request().patience, never_);
    finish_swap(server().root(), saved_, request().patience, never_);
    EXPECT_EQ(state(), SwapState::done);
    EXPECT_EQ(differences(contents(kLive, true), loaded), "");
  }
}

TEST_F(SwapTest, OneTable_IsExchangedWithItsTriggersAndNothingElse) {
  fill_live();
  fill_shadow();
  Contents before = contents(kLive);
  const Contents loaded = contents(kShadow);
  SwapRequest wanted = request();
  wanted.only_tables = {"posts"};
  static_cast<void>(swap(wanted, never_));
  Contents expected = before;
  for (const char* key : {"table posts", "trigger z_first", "trigger a_second", "trigger qualified"}) {
    expected[key] = loaded.at(key);
  }
  EXPECT_EQ(differences(contents(kLive), expected), "");
  EXPECT_EQ(contents(kSafety).size(), 4U);
  EXPECT_EQ(contents(kSafety).at("table posts"), before.at("table posts"));
  EXPECT_EQ(state(), SwapState::done);
  static_cast<void>(swap(undo_of(server().root(), saved_, "safety2q"), never_));
  EXPECT_EQ(differences(contents(kLive), before), "");
}

TEST_F(SwapTest, TableThatIsNotLive_SimplyAppears) {
  run(kLive, "CREATE TABLE stays (id INT)");
  run(kShadow, "CREATE TABLE gone (id INT); INSERT INTO gone VALUES (7)");
  SwapRequest wanted = request();
  wanted.only_tables = {"gone"};
  static_cast<void>(swap(wanted, never_));
  EXPECT_EQ(value("SELECT id FROM liveq.gone"), "7");
  EXPECT_EQ(differences(contents(kSafety), Contents{}), "");
  EXPECT_EQ(contents(kLive).size(), 2U);
  take_back_swap(server().root(), saved_, wanted.patience, never_);
  EXPECT_EQ(contents(kLive).size(), 1U);
}

TEST_F(SwapTest, ForeignKeyAcrossTheBorder_IsRefusedBeforeAnything) {
  fill_live();
  fill_shadow();
  const Contents before = contents(kLive, true);
  SwapRequest wanted = request();
  for (const char* table : {"parent", "child"}) {
    wanted.only_tables = {table};
    EXPECT_NE(test::refusal([&] { static_cast<void>(swap(wanted, never_)); }, ErrorKind::failed).find("foreign key"),
              std::string::npos);
  }
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  EXPECT_EQ(saved_, Json());
  EXPECT_EQ(value("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'safetyq'"), "0");
  wanted.only_tables = {"parent", "child"};
  static_cast<void>(swap(wanted, never_));
  EXPECT_EQ(value("SELECT COUNT(*) FROM liveq.parent"), "3");
}

TEST_F(SwapTest, HostileNames_MoveLikeOthers) {
  const std::string odd = "a`b'c\"d\\ \xC3\xA9\xE2\x82\xAC; -- x";
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "\xC3\xA9";
  for (const char* database : {kLive, kShadow}) {
    DatabaseConnection connection = connect(database);
    for (const std::string& name : {odd, longest, std::string(40, '`')}) {
      const std::string quoted = quoted_name(name);
      connection.execute("CREATE TABLE " + quoted + " (id INT)");
      connection.execute("INSERT INTO " + quoted + " VALUES (" + (database == kLive ? "1" : "2") + ")");
      connection.execute("CREATE TRIGGER " + quoted + " BEFORE INSERT ON " + quoted + " FOR EACH ROW SET NEW.id = 5");
      connection.execute("CREATE PROCEDURE " + quoted + "() SELECT 1");
      connection.execute("CREATE EVENT " + quoted + " ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 'ON COMPLETION'");
      connection.execute("CREATE VIEW " + quoted_name("v" + name.substr(2)) + " AS SELECT id AS `a``b` FROM " + quoted);
    }
  }
  const Contents before = contents(kLive), loaded = contents(kShadow);
  static_cast<void>(swap(request(), never_));
  EXPECT_EQ(differences(contents(kLive), loaded), "");
  EXPECT_EQ(differences(contents(kSafety), before), "");
}

TEST_F(SwapTest, TwoThousandTables_MoveAtOnce) {
  for (const char* database : {kLive, kShadow}) {
    std::string sql;
    for (int i = 0; i < 2000; ++i) {
      sql += "CREATE TABLE a_table_with_a_name_of_usual_length_" + std::to_string(i) + " (id INT) ENGINE=MyISAM;\n";
    }
    run(database,
        sql + "INSERT INTO a_table_with_a_name_of_usual_length_1999 VALUES (" + (database == kLive ? "1" : "2") + ")");
  }
  static_cast<void>(swap(request(), never_));
  EXPECT_EQ(value("SELECT id FROM liveq.a_table_with_a_name_of_usual_length_1999"), "2");
  EXPECT_EQ(value("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'safetyq'"), "2000");
  EXPECT_EQ(value("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shadowq'"), "0");
}

// Over stand-ins for what they miss.
TEST_F(SwapTest, BrokenViews_ComeBackAsTheyWere) {
  run(kLive,
      "CREATE TABLE t (id INT); CREATE TABLE gone (id INT, word VARCHAR(9)); CREATE VIEW z_broken AS SELECT id, "
      "CONCAT(word, '!') AS loud FROM gone WHERE word LIKE 'a%'; CREATE VIEW a_upon AS SELECT b.id, g.word FROM "
      "z_broken b JOIN gone g ON g.id = b.id JOIN t ON t.id = g.id; DROP TABLE gone");
  run(kShadow, "CREATE TABLE t (id INT)");
  const Contents before = contents(kLive, true), unowned = contents(kLive);
  const SwapResult result = swap(request(), never_);
  EXPECT_TRUE(result.notes.empty()) << result.notes[0];
  EXPECT_EQ(differences(contents(kSafety), unowned), "");
  EXPECT_EQ(state(), SwapState::done);
  EXPECT_TRUE(take_back_swap(server().root(), saved_, request().patience, never_).empty());
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  EXPECT_EQ(state(), SwapState::not_begun);
  finish_swap(server().root(), saved_, request().patience, never_);
  EXPECT_TRUE(swap(undo_of(server().root(), saved_, "safety2q"), never_).notes.empty());
  EXPECT_EQ(differences(contents(kLive, true), before), "");
}

// A run that was killed while the view was made.
TEST_F(SwapTest, StandInsThatWereLeft_AreRemoved) {
  run(kLive,
      "CREATE TABLE t (id INT); CREATE TABLE gone (id INT); CREATE VIEW broken AS SELECT id FROM gone; DROP TABLE "
      "gone");
  run(kShadow, "CREATE TABLE t (id INT); CREATE TABLE gone (id INT); INSERT INTO gone VALUES (7)");
  const Contents before = contents(kLive, true), loaded = contents(kShadow, true);
  static_cast<void>(swap(request(), never_));
  take_back_swap(server().root(), saved_, request().patience, never_);
  run(kLive, "CREATE TABLE gone (id LONGTEXT) COMMENT = 'wobackup stand-in safetyq'");
  finish_swap(server().root(), saved_, request().patience, never_);
  EXPECT_EQ(differences(contents(kLive, true), loaded), "");
  take_back_swap(server().root(), saved_, request().patience, never_);
  EXPECT_EQ(differences(contents(kLive, true), before), "");
}

TEST_F(SwapTest, BrokenViewThatCannotBeMade_IsNotedAndHoldsNothingUp) {
  run(kLive,
      "CREATE TABLE t (id INT); CREATE TABLE less (id INT, gone INT); CREATE VIEW broken AS SELECT id, gone FROM less;"
      "ALTER TABLE less DROP COLUMN gone");
  run(kShadow, "CREATE TABLE t (id INT)");
  const SwapResult result = swap(request(), never_);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_NE(result.notes[0].find("broken"), std::string::npos);
  const std::vector<std::string> notes = take_back_swap(server().root(), saved_, request().patience, never_);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("VIEW `broken` AS select"), std::string::npos) << notes[0];
}

namespace foreign {
SavedObject view(const std::string& create) {
  SavedObject object;
  object.name = "peek";
  object.create = create;
  object.character_set_client = "utf8mb4";
  object.collation_connection = "utf8mb4_general_ci";
  object.only_live = true;
  return object;
}
}  // namespace foreign

TEST_F(SwapTest, ForeignView_BelongsToTheSiteAndIsMadeInLiveAlone) {
  run("", "GRANT SELECT ON neighbour.things TO site@localhost");
  run(kLive, "CREATE TABLE t (id INT); CREATE VIEW peek AS SELECT 1 AS id");
  run(kShadow, "CREATE TABLE t (id INT); CREATE VIEW peek AS SELECT 1 AS id; CREATE VIEW a_top AS SELECT id FROM peek");
  const Contents before = contents(kLive, true);
  SwapRequest wanted = request();
  wanted.site_user = Account{"site", "localhost"};
  wanted.foreign_views = {
      foreign::view("CREATE VIEW `peek` AS select `neighbour`.`things`.`id` AS `id` from "
                    "(`neighbour`.`things` join `t`)")};
  static_cast<void>(swap(wanted, never_));
  EXPECT_EQ(value("SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'liveq' AND TABLE_NAME = 'peek'"),
            "site@localhost");
  EXPECT_EQ(value("SELECT COUNT(*) FROM liveq.a_top"), "0");
  take_back_swap(server().root(), saved_, wanted.patience, never_);
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  finish_swap(server().root(), saved_, wanted.patience, never_);
  static_cast<void>(swap(undo_of(server().root(), saved_, "safety2q"), never_));
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  run("", "REVOKE SELECT ON neighbour.things FROM site@localhost");
}

TEST_F(SwapTest, ForeignViewOfWhatTheSiteMayNotRead_LeavesEverythingAsItWas) {
  run("", "CREATE OR REPLACE TABLE neighbour.secrets (id INT)");
  run(kLive, "CREATE TABLE t (id INT); CREATE VIEW peek AS SELECT 1 AS id");
  run(kShadow, "CREATE TABLE t (id INT); CREATE VIEW peek AS SELECT 1 AS id");
  const Contents before = contents(kLive, true);
  SwapRequest wanted = request();
  wanted.foreign_views = {foreign::view("CREATE VIEW `peek` AS select `id` from `neighbour`.`secrets`")};
  // To nobody it is never given: it would be ours.
  EXPECT_FALSE(test::refusal([&] { static_cast<void>(swap(wanted, never_)); }, ErrorKind::verification).empty());
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  wanted.site_user = Account{"site", "localhost"};
  const std::string refusal = test::refusal([&] { static_cast<void>(swap(wanted, never_)); }, ErrorKind::dump);
  EXPECT_NE(refusal.find("view peek"), std::string::npos) << refusal;
  EXPECT_EQ(differences(contents(kLive, true), before), "");
}

TEST_F(SwapTest, SequenceThatIsGone_HoldsNothingUp) {
  run(kLive,
      "CREATE SEQUENCE s; CREATE TABLE t (id BIGINT DEFAULT NEXTVAL(s), x INT); INSERT INTO t (x) VALUES (1), (2); "
      "DROP "
      "SEQUENCE s");
  run(kShadow,
      "CREATE SEQUENCE s START WITH 50; CREATE TABLE t (id BIGINT DEFAULT NEXTVAL(s), x INT); INSERT INTO t (x) VALUES "
      "(3)");
  const Contents before = contents(kLive, true), loaded = contents(kShadow, true);
  static_cast<void>(swap(request(), never_));
  EXPECT_EQ(differences(contents(kLive, true), loaded), "");
  EXPECT_EQ(state(), SwapState::done);
  take_back_swap(server().root(), saved_, request().patience, never_);
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  finish_swap(server().root(), saved_, request().patience, never_);
  static_cast<void>(swap(undo_of(server().root(), saved_, "safety2q"), never_));
  EXPECT_EQ(differences(contents(kLive, true), before), "");
}

TEST_F(SwapTest, TableAlone_CountsByTheSequenceThatStays) {
  const char* const both = "CREATE SEQUENCE s; CREATE TABLE t (id BIGINT DEFAULT NEXTVAL(s), x INT);";
  run(kLive, std::string(both) + "INSERT INTO t (x) VALUES (1), (2)");
  run(kShadow, std::string(both) + "INSERT INTO t (id, x) VALUES (9, 9)");
  const Contents before = contents(kLive, true);
  SwapRequest wanted = request();
  wanted.only_tables = {"t"};
  static_cast<void>(swap(wanted, never_));
  run(kLive, "INSERT INTO t (x) VALUES (3)");
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id ORDER BY id) FROM liveq.t"), "3,9");
  static_cast<void>(swap(undo_of(server().root(), saved_, "safety2q"), never_));
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id ORDER BY id) FROM liveq.t"), "1,2");
  EXPECT_EQ(contents(kLive, true).at("table t"), before.at("table t"));
}

TEST_F(SwapTest, TriggerWhoseNameIsTaken_LeavesEverythingAsItWas) {
  run(kLive,
      "CREATE TABLE a (id INT); CREATE TABLE b (id INT); INSERT INTO a VALUES (1);"
      "CREATE TRIGGER a_own BEFORE INSERT ON a FOR EACH ROW SET @x = 1;"
      "CREATE TRIGGER taken BEFORE INSERT ON b FOR EACH ROW SET @x = 1;");
  run(kShadow, "CREATE TABLE a (id INT); CREATE TRIGGER taken BEFORE INSERT ON a FOR EACH ROW SET @x = 2;");
  const Contents before = contents(kLive, true), loaded = contents(kShadow, true);
  SwapRequest wanted = request();
  wanted.only_tables = {"a"};
  EXPECT_NE(test::refusal([&] { static_cast<void>(swap(wanted, never_)); }, ErrorKind::dump).find("1359"),
            std::string::npos);
  EXPECT_EQ(differences(contents(kLive, true), before), "");
  EXPECT_EQ(differences(contents(kShadow, true), loaded), "");
  EXPECT_EQ(value("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'safetyq'"), "0");
}

TEST_F(SwapTest, BodyThatNamesADatabase_IsKeptAndNoted) {
  run(kLive, "CREATE TABLE t (id INT); CREATE PROCEDURE p() SELECT COUNT(*) FROM liveq.t");
  run(kShadow, "CREATE TABLE t (id INT)");
  const SwapResult result = swap(request(), never_);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_NE(result.notes[0].find("procedure p in liveq"), std::string::npos) << result.notes[0];
  EXPECT_NE(value("SELECT ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'safetyq'")
                .find("liveq.t"),
            std::string::npos);
}

TEST_F(SwapTest, WrongRequests_AreRefused) {
  run(kLive, "CREATE TABLE t (id INT)");
  run(kShadow, "CREATE TABLE t (id INT)");
  const auto expect = [&](const SwapRequest& asked, ErrorKind kind) {
    EXPECT_FALSE(test::refusal([&] { static_cast<void>(swap(asked, never_)); }, kind).empty());
  };
  SwapRequest wrong = request();
  wrong.safety = kShadow;
  expect(wrong, ErrorKind::usage);
  wrong = request();
  wrong.shadow = "missing";
  expect(wrong, ErrorKind::not_found);
  wrong = request();
  wrong.only_tables = {"missing"};
  expect(wrong, ErrorKind::not_found);
  run("", "CREATE DATABASE safetyq; CREATE TABLE safetyq.x (id INT)");
  expect(request(), ErrorKind::usage);
}

TEST_F(SwapTest, MissingPrivileges_AreNamed) {
  run(kLive,
      "CREATE TABLE t (id INT); CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW SET @x = 1;"
      "CREATE USER IF NOT EXISTS poor@localhost; GRANT ALL ON liveq.* TO poor@localhost;");
  ServerLogin login = server().root();
  DatabaseConnection admin(login, "", never_);
  EXPECT_EQ(missing_swap_privileges(admin, kLive, "wobackup_x"), std::vector<std::string>{});
  login.user = "poor";
  DatabaseConnection poor(login, "", never_);
  const std::vector<std::string> missing = missing_swap_privileges(poor, kLive, "wobackup_x");
  ASSERT_EQ(missing.size(), 2U);
  EXPECT_NE(missing[0].find("CREATE"), std::string::npos);
  EXPECT_NE(missing[0].find("`wobackup_x`"), std::string::npos);
  EXPECT_NE(missing[1].find("SET USER"), std::string::npos);
  run("", "GRANT ALL ON `wobackup\\_%`.* TO poor@localhost; GRANT SET USER ON *.* TO poor@localhost;");
  DatabaseConnection richer(login, "", never_);
  EXPECT_EQ(missing_swap_privileges(richer, kLive, "wobackup_x"), std::vector<std::string>{});
}

}  // namespace
}  // namespace wobackup
