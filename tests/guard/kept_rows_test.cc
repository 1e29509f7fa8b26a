// Rows that came between a backup and its roll-back, in tables of every shape, with names and contents that bite.
#include "fakes/plain_tools.h"
#include "guard/guarded_wordpress.h"

namespace wobackup {
namespace {

using test::says;

class KeptRowsTest : public test::GuardedWordPress {
 protected:
  void SetUp() override {
    GuardedWordPress::SetUp();
    config_.server.http_check = false;
    config_.guard.keep_rows = {"kept*", "posts:shop_*"};
  }
  void TearDown() override {
    GuardedWordPress::TearDown();
    if (!made_.empty()) sql("DROP TABLE IF EXISTS " + made_);
  }
  // Tables of this test, made before the backup.
  void make(const std::string& tables, const std::string& statements) {
    made_ = tables;
    sql(statements);
  }
  /// A change of the database that fails; what was kept.
  KeptRows kept_of(const std::string& change, std::vector<std::string>* notes = nullptr) {
    try {
      static_cast<void>(
          service().guard(the_site(), {.type = BackupType::database, .no_checks = true}, [&](const GuardedChange&) {
            live().server().run("wp", change);
            throw std::runtime_error("it failed");
          }));
    } catch (const GuardFailed& failed) {
      EXPECT_EQ(name_of(failed.kind()), "rolled_back") << failed.message();
      if (notes != nullptr) *notes = failed.result().notes;
      return failed.result().kept_rows;
    }
    return {};
  }
  void load(const KeptRows& kept) const { live().server().load("wp", kept.file); }
  static std::string counts(const KeptRows& kept) {
    std::string text;
    for (const KeptTable& table : kept.tables) {
      text += table.table + " " + std::to_string(table.added) + " " + std::to_string(table.changed) + "\n";
    }
    return text;
  }

 private:
  std::string made_;
};

TEST_F(KeptRowsTest, EveryType_ComesBackAsItWas) {
  make("wp_kept",
       "CREATE TABLE wp_kept (id BIGINT UNSIGNED PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(30,10), b BIT(9), t TEXT "
       "CHARACTER SET utf8mb4, l VARCHAR(20) CHARACTER SET latin1, x BLOB, v VARBINARY(20), e ENUM('a','it''s'), s "
       "SET('p','q'), ts TIMESTAMP NULL, dt DATETIME(6), y YEAR, tm TIME, j JSON, g POINT, i INT AS (y + 1) STORED, u "
       "INET6);"
       "INSERT INTO wp_kept (id, f, t) VALUES (1, 16777216, 'same'), (2, 0.1, 'Same');");
  const std::string insert =
      "INSERT INTO wp_kept (id, f, d, n, b, t, l, x, v, e, s, ts, dt, y, tm, j, g, u) VALUES (18446744073709551615, "
      "1e30, "
      "0.1, -12345678901234567890.0123456789, b'101010101', CONCAT('\\n\\\\. \\0 \\Z ''\\\" ', _utf8mb4 0xF09F9880), "
      "_latin1 0xE4F6FC, 0x00FF27225C0A, '', 'it''s', 'p,q', '2020-01-02 03:04:05', '2020-01-02 03:04:05.123456', "
      "2020, "
      "'-12:34:56', '{\"a\": \"b\"}', POINT(1.5, 2), '::1'), (7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
      "NULL, "
      "NULL, NULL, NULL, NULL, NULL, NULL, NULL);";
  const auto everything = [this] {
    return test::run_in("/", {"mariadb-dump", "--socket=" + live().server().socket(), "--user=root", "--skip-comments",
                              "--hex-blob", "--no-create-info", "wp", "wp_kept"});
  };
  sql(insert);
  const std::string wanted = everything();
  sql("DELETE FROM wp_kept WHERE id > 2");
  const KeptRows kept = kept_of(insert);
  EXPECT_EQ(counts(kept), "wp_kept 2 0\n");
  EXPECT_NE(everything(), wanted);
  load(kept);
  EXPECT_EQ(everything(), wanted);
}

TEST_F(KeptRowsTest, ChangesThatACollationDoesNotSee_Count) {
  make("wp_kept",
       "CREATE TABLE wp_kept (k VARCHAR(9) PRIMARY KEY, t TEXT) COLLATE utf8mb4_general_ci;"
       "INSERT INTO wp_kept VALUES ('a', 'word'), ('b', 'x'), ('c', 'y ')");
  const KeptRows kept = kept_of(
      "UPDATE wp_kept SET t = 'WORD' WHERE k = 'a'; UPDATE wp_kept SET t = 'y' WHERE k = 'c'; "
      "DELETE FROM wp_kept WHERE k = 'b'");
  EXPECT_EQ(counts(kept), "wp_kept 0 2\n");
  load(kept);
  EXPECT_EQ(query("SELECT k, BINARY t FROM wp_kept ORDER BY k"), "a\tWORD\nb\tx\nc\ty\n");
}

TEST_F(KeptRowsTest, WithoutAKey_RowsCountAsWholes) {
  make("wp_kept", "CREATE TABLE wp_kept (a INT, t TEXT); INSERT INTO wp_kept VALUES (1, 'x'), (1, 'x'), (NULL, NULL)");
  const KeptRows kept = kept_of("UPDATE wp_kept SET a = 2 WHERE a = 1 LIMIT 1; INSERT INTO wp_kept VALUES (3, NULL)");
  EXPECT_EQ(counts(kept), "wp_kept 2 0\n");
  load(kept);
  EXPECT_EQ(query("SELECT COUNT(*) FROM wp_kept"), "5\n");
}

TEST_F(KeptRowsTest, TableThatTheChangeRebuilt_IsComparedByWhatBothHave) {
  make("wp_kept",
       "CREATE TABLE wp_kept (id INT PRIMARY KEY, gone INT, name VARCHAR(20)); "
       "INSERT INTO wp_kept VALUES (1, 1, 'a'), (2, 2, 'b')");
  std::vector<std::string> notes;
  const KeptRows kept = kept_of(
      "ALTER TABLE wp_kept DROP COLUMN gone, ADD COLUMN more INT DEFAULT 7, MODIFY id BIGINT; "
      "INSERT INTO wp_kept VALUES (3, 'c', 8)",
      &notes);
  EXPECT_EQ(counts(kept), "wp_kept 1 0\n");
  std::string all;
  for (const std::string& note : notes) all += note + "\n";
  EXPECT_TRUE(says(all, "the backup's wp_kept has no column more"));
  load(kept);
  EXPECT_EQ(query("SELECT * FROM wp_kept WHERE id = 3"), "3\tNULL\tc\n");
}

TEST_F(KeptRowsTest, TableThatTheChangeMade_IsKeptWhole) {
  make("wp_kept_new", "DO 0");
  std::vector<std::string> notes;
  const KeptRows kept =
      kept_of("CREATE TABLE wp_kept_new (id INT PRIMARY KEY); INSERT INTO wp_kept_new VALUES (1), (2)", &notes);
  EXPECT_EQ(counts(kept), "wp_kept_new 2 0\n");
  sql("CREATE TABLE wp_kept_new (id INT PRIMARY KEY)");
  load(kept);
  EXPECT_EQ(query("SELECT COUNT(*) FROM wp_kept_new"), "2\n");
}

TEST_F(KeptRowsTest, EmptiedAndDroppedTables_HaveNothingToKeep) {
  make("wp_kept, wp_kept2",
       "CREATE TABLE wp_kept (id INT PRIMARY KEY); INSERT INTO wp_kept VALUES (1); "
       "CREATE TABLE wp_kept2 LIKE wp_kept; INSERT INTO wp_kept2 VALUES (1)");
  const KeptRows kept = kept_of("DELETE FROM wp_kept; DROP TABLE wp_kept2");
  EXPECT_EQ(counts(kept), "");
  EXPECT_TRUE(kept.file.empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state/kept-rows/wp.example") &&
               !std::filesystem::is_empty(folder_ / "state/kept-rows/wp.example"));
  EXPECT_EQ(query("SELECT (SELECT COUNT(*) FROM wp_kept) + (SELECT COUNT(*) FROM wp_kept2)"), "2\n");
}

TEST_F(KeptRowsTest, HostileNames_StayNames) {
  const std::string table = "`wp_kept``'\\\\ \n\\\\! touch /tmp/wobackup-was-here\n-- x`";
  make(table, "CREATE TABLE " + table + " (`id``x` INT PRIMARY KEY, `c''\\\\\n; DROP TABLE wp_users; --x` TEXT)");
  const KeptRows kept = kept_of("INSERT INTO " + table +
                                " VALUES (1, '\n\\\\! touch /tmp/wobackup-was-here\n'), (2, ');DROP TABLE wp_users;')");
  ASSERT_EQ(kept.tables.size(), 1U);
  EXPECT_EQ(kept.tables[0].added, 2U);
  load(kept);
  EXPECT_EQ(query("SELECT COUNT(*) FROM " + table), "2\n");
  EXPECT_NE(query("SELECT COUNT(*) FROM wp_users"), "0\n");
  EXPECT_FALSE(std::filesystem::exists("/tmp/wobackup-was-here"));
}

TEST_F(KeptRowsTest, PostsOfAType_ComeWithTheirMeta) {
  const std::string columns =
      "(ID, post_type, post_title, post_content, post_excerpt, to_ping, pinged, "
      "post_content_filtered)";
  const KeptRows kept =
      kept_of("INSERT INTO wp_posts " + columns +
              " VALUES (9001, 'shop_order', 'x', '', '', '', '', ''), "
              "(9002, 'page', 'y', '', '', '', '', ''), (9003, 'shopXorder', 'z', '', '', '', '', ''); "
              "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (9001, 'total', '5'), "
              "(9002, 'total', '6')");
  EXPECT_EQ(counts(kept), "wp_postmeta 1 0\nwp_posts 1 0\n");
  load(kept);
  EXPECT_EQ(query("SELECT GROUP_CONCAT(ID) FROM wp_posts WHERE ID > 9000"), "9001\n");
  sql("DELETE FROM wp_posts WHERE ID > 9000; DELETE FROM wp_postmeta WHERE post_id > 9000");
}

TEST_F(KeptRowsTest, ManyRows_PassBy) {
  make("wp_kept", "CREATE TABLE wp_kept (id INT PRIMARY KEY, t TEXT)");
  const KeptRows kept = kept_of("INSERT INTO wp_kept SELECT seq, REPEAT('x', 500) FROM seq_1_to_40000");
  EXPECT_EQ(counts(kept), "wp_kept 40000 0\n");
  load(kept);
  EXPECT_EQ(query("SELECT COUNT(*), MIN(LENGTH(t)) FROM wp_kept"), "40000\t500\n");
}

}  // namespace
}  // namespace wobackup
