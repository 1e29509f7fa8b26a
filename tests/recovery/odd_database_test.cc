// Databases with objects that need each other, or that were broken before.
#include <fstream>
#include <thread>

#include "fakes/plain_tools.h"
#include "recovery/database_site.h"

namespace wobackup {
namespace {

class OddDatabaseTest : public test::DatabaseSite {
 protected:
  void back_up_and_change() {
    back_up();
    sql("CREATE TABLE since (i INT)");
    live_ = database();
  }
  void there_and_back(const InPlaceOptions& options = {}) {
    static_cast<void>(restore(options));
    EXPECT_EQ(database(), in_backup_);
    undo();
    EXPECT_EQ(database(), live_);
  }
  std::string live_;
};

TEST_F(OddDatabaseTest, ViewsUponViews_ComeBackEveryWay) {
  sql("CREATE TABLE b (id INT PRIMARY KEY, v INT); CREATE VIEW z1 AS SELECT * FROM b; CREATE VIEW a1 AS SELECT * FROM "
      "z1 "
      "WHERE id > 0 WITH CHECK OPTION");
  back_up_and_change();
  there_and_back();
  VerifyOptions drill;
  drill.level = VerifyLevel::drill;
  EXPECT_EQ(service().verify(archive_, drill).problem_count, 0U);
  config_.database.admin = false;
  there_and_back({.live_load = true});
}

TEST_F(OddDatabaseTest, MergeTables_ComeBackEveryWay) {
  sql("CREATE TABLE m1 (a INT) ENGINE=MyISAM; INSERT INTO m1 VALUES (1), (2); CREATE TABLE m (a INT) ENGINE=MERGE "
      "UNION=(m1) INSERT_METHOD=LAST");
  back_up_and_change();
  there_and_back();
  config_.database.admin = false;
  there_and_back({.live_load = true});
}

TEST_F(OddDatabaseTest, TableThatCountsBySequence_ComesAlone) {
  sql("CREATE SEQUENCE s1; CREATE TABLE us (id BIGINT DEFAULT NEXTVAL(s1), v INT); INSERT INTO us (v) VALUES (1), (2)");
  back_up();
  sql("INSERT INTO us (v) VALUES (3)");
  live_ = database();
  static_cast<void>(restore({.tables = {"us"}}));
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.us"), "1,2");
  sql("INSERT INTO us (v) VALUES (9)");
  EXPECT_EQ(value("SELECT MAX(id) FROM shop.us"), "4");
  service().undo_restore("example.com");
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.us"), "1,2,3");
  // What was displaced can be brought back from its archive, too.
  archive_ = service().finish_restore(the_site());
  static_cast<void>(restore({.tables = {"us"}}));
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.us"), "1,2,4");
  undo();
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.us"), "1,2,3");
}

TEST_F(OddDatabaseTest, TableWhoseSequenceIsGone_IsRefusedBeforeAnything) {
  sql("CREATE SEQUENCE s1; CREATE TABLE us (id BIGINT DEFAULT NEXTVAL(s1), v INT); INSERT INTO us (v) VALUES (1)");
  back_up();
  sql("DROP SEQUENCE s1");
  for (const bool live_load : {false, true}) {
    config_.database.admin = !live_load;
    const Error error = refused({.tables = {"us"}, .live_load = live_load});
    EXPECT_EQ(error.kind(), ErrorKind::failed);
    EXPECT_NE(error.message().find("sequence s1"), std::string::npos) << error.message();
    EXPECT_NE(error.hint().find("CREATE SEQUENCE `s1`"), std::string::npos) << error.hint();
    EXPECT_FALSE(service().pending_restore("example.com"));
  }
  EXPECT_EQ(leftovers(), "");
}

TEST_F(OddDatabaseTest, BrokenLiveDatabase_IsRestoredAndComesBackAsItWas) {
  sql("CREATE SEQUENCE s1; CREATE TABLE us (id BIGINT DEFAULT NEXTVAL(s1), v INT); INSERT INTO us (v) VALUES (1), (2); "
      "CREATE TABLE q (i INT)");
  back_up();
  sql("DROP SEQUENCE s1; CREATE VIEW vb AS SELECT i FROM q; DROP TABLE q");
  live_ = database();
  there_and_back();
  EXPECT_EQ(warnings_.find("vb"), std::string::npos) << warnings_;
  // Such a state can be backed up, and restored with what it lacks.
  archive_ = service().create(the_site(), {}).archive;
  const RestoredInPlace restored = restore();
  EXPECT_TRUE(std::any_of(restored.notes.begin(), restored.notes.end(),
                          [](const auto& note) { return note.find("sequence s1") != std::string::npos; }));
  EXPECT_EQ(value("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.us"), "1,2");
  undo();
  EXPECT_EQ(database(), live_);
}

TEST_F(OddDatabaseTest, BrokenView_IsNamedWhereItCannotComeBack) {
  sql("CREATE TABLE q (i INT)");
  back_up();
  sql("CREATE TABLE less (i INT, gone INT); CREATE VIEW vb AS SELECT gone FROM less; ALTER TABLE less DROP COLUMN "
      "gone");
  static_cast<void>(restore());
  undo();
  EXPECT_NE(warnings_.find("VIEW `vb` AS select"), std::string::npos) << warnings_;
  warnings_.clear();
  sql("CREATE VIEW vb AS SELECT i FROM q; DROP TABLE q");
  config_.database.admin = false;
  static_cast<void>(restore({.live_load = true}));
  undo();
  EXPECT_NE(warnings_.find("vb"), std::string::npos) << warnings_;
}

TEST_F(OddDatabaseTest, ViewOfAnotherDatabase_ComesBackAsTheSitesOwn) {
  root(
      "CREATE OR REPLACE DATABASE other; CREATE TABLE other.t (x INT); INSERT INTO other.t VALUES (7); GRANT SELECT ON "
      "other.t TO shop@localhost");
  sql("CREATE TABLE b (y INT); INSERT INTO b VALUES (1); CREATE VIEW vo AS SELECT t.x, b.y FROM other.t JOIN b; CREATE "
      "VIEW a_top AS SELECT x FROM vo WHERE y = 1");
  back_up_and_change();
  static_cast<void>(restore());
  EXPECT_EQ(database(), in_backup_);
  sql("SELECT * FROM a_top");
  EXPECT_NE(database().find("DEFINER=`shop`@`localhost` SQL SECURITY DEFINER VIEW `vo`"), std::string::npos);
  undo();
  EXPECT_EQ(database(), live_);
  VerifyOptions drill;
  drill.level = VerifyLevel::drill;
  EXPECT_EQ(service().verify(archive_, drill).problem_count, 0U);
  config_.database.admin = false;
  there_and_back({.live_load = true});
}

TEST_F(OddDatabaseTest, ViewOfWhatTheSiteMayNotRead_IsRefusedBeforeAnything) {
  root(
      "CREATE OR REPLACE DATABASE other; CREATE TABLE other.t (x INT); INSERT INTO other.t VALUES (7); GRANT SELECT ON "
      "other.t TO shop@localhost");
  sql("CREATE VIEW vo AS SELECT x FROM other.t");
  back_up_and_change();
  root("REVOKE SELECT ON other.t FROM shop@localhost");
  const Error error = refused();
  EXPECT_EQ(error.kind(), ErrorKind::failed);
  EXPECT_NE(error.message().find("the view vo uses `other`.`t`"), std::string::npos) << error.message();
  EXPECT_NE(error.hint().find("GRANT SELECT ON `other`.`t`"), std::string::npos) << error.hint();
  EXPECT_EQ(database(), live_);
  EXPECT_EQ(leftovers(), "");
  EXPECT_FALSE(service().pending_restore("example.com"));
}

TEST_F(OddDatabaseTest, DroppedDatabase_ComesBackWithItsCollation) {
  root("ALTER DATABASE shop CHARACTER SET latin2 COLLATE latin2_croatian_ci");
  sql("CREATE TABLE q (i INT)");
  back_up();
  root("DROP DATABASE shop");
  static_cast<void>(restore());
  const std::string asked = "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'shop'";
  EXPECT_EQ(value(asked), "latin2_croatian_ci");
  EXPECT_EQ(database(), in_backup_);
  EXPECT_EQ(warnings_.find("collation"), std::string::npos) << warnings_;
}

TEST_F(OddDatabaseTest, DisplacedDatabaseThatCannotBeDumped_LeavesAWayOn) {
  sql("CREATE TABLE q (i INT)");
  back_up_and_change();
  static_cast<void>(restore());
  config_.database.dump_program = "/bin/false";
  const Error error = refused();
  EXPECT_EQ(error.kind(), ErrorKind::dump);
  EXPECT_NE(error.hint().find("wobackup restore --finish --discard example.com"), std::string::npos) << error.hint();
  EXPECT_TRUE(service().finish_restore(the_site(), true).empty());
  static_cast<void>(restore());
  undo();
}

TEST_F(OddDatabaseTest, ServerThatStopsDuringTheExchange_TellsTheWayBack) {
  sql("CREATE TABLE q (i INT)");
  back_up_and_change();
  const Cancellation never;
  DatabaseConnection visitor(server().root(), "shop", never);
  visitor.execute("LOCK TABLES since WRITE");
  std::thread stopping([this] {
    const std::filesystem::path journal = config_.state_dir / "restores/example.com.json";
    const auto begun = [&] {
      std::ifstream file(journal);
      const std::string text(std::istreambuf_iterator<char>(file), {});
      return text.find("\"phase\": \"swapping\"") != std::string::npos && text.find("\"old\"") != std::string::npos;
    };
    for (int i = 0; i < 3000 && !begun(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    server().stop();
  });
  const Error error = refused();
  stopping.join();
  EXPECT_EQ(error.kind(), ErrorKind::rollback_failed);
  EXPECT_NE(error.hint().find("wobackup restore --abort example.com"), std::string::npos) << error.hint();
  server().start();
  service().abort_restore("example.com");
  EXPECT_EQ(database(), live_);
  EXPECT_EQ(leftovers(), "");
}

}  // namespace
}  // namespace wobackup
