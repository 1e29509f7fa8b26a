// Dumps of real databases come back as they were.
#include "target/database/dump_loader.h"

#include <fmt/format.h>

#include <thread>

#include "base/file_io.h"
#include "source/database/mysql/real_databases.h"
#include "target/database/loaded_database.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

class DumpLoaderTest : public test::LoadedDatabase {
 protected:
  // Dumps, loads, and expects the same.
  void expect_same(const std::string& site, const LoadOptions& options = {},
                   const std::vector<std::string>& dump_options = {}) const {
    const ShadowDatabase shadow = make_shadow(site);
    const LoadResult result = load(dump_of(site, dump_options), shadow, options);
    const auto before = contents(site);
    const auto after = contents(shadow.name());
    for (const auto& [what, text] : before) {
      const auto found = after.find(what);
      EXPECT_EQ(text, found == after.end() ? "missing" : found->second) << what;
    }
    EXPECT_EQ(before.size(), after.size());
  }
};

// As WordPress makes them, with enough rows for indexes to come after them.
std::string wordpress(int rows) {
  return fmt::format(R"SQL(
CREATE TABLE wp_posts (ID bigint(20) unsigned NOT NULL AUTO_INCREMENT, post_author bigint(20) unsigned NOT NULL DEFAULT 0,
  post_date datetime NOT NULL DEFAULT '2000-01-01 00:00:00', post_content longtext NOT NULL, post_title text NOT NULL,
  post_status varchar(20) NOT NULL DEFAULT 'publish', post_name varchar(200) NOT NULL DEFAULT '', post_parent bigint(20)
  unsigned NOT NULL DEFAULT 0, post_type varchar(20) NOT NULL DEFAULT 'post', PRIMARY KEY (ID), KEY post_name
  (post_name(191)), KEY type_status_date (post_type,post_status,post_date,ID), KEY post_parent (post_parent), KEY
  post_author (post_author)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE wp_postmeta (meta_id bigint(20) unsigned NOT NULL AUTO_INCREMENT, post_id bigint(20) unsigned NOT NULL
  DEFAULT 0, meta_key varchar(255) DEFAULT NULL, meta_value longtext DEFAULT NULL, PRIMARY KEY (meta_id), KEY post_id
  (post_id), KEY meta_key (meta_key(191))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE wp_options (option_id bigint(20) unsigned NOT NULL AUTO_INCREMENT, option_name varchar(191) NOT NULL DEFAULT
  '', option_value longtext NOT NULL, autoload varchar(20) NOT NULL DEFAULT 'yes', PRIMARY KEY (option_id), UNIQUE KEY
  option_name (option_name), KEY autoload (autoload)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
INSERT INTO wp_posts (post_content, post_title, post_name) SELECT REPEAT(CONCAT('😀 it''s \\ ', seq, '\n'), 60),
  CONCAT('Post ', seq), CONCAT('post-', seq * 7919 % 100003) FROM seq_1_to_{0};
INSERT INTO wp_postmeta (post_id, meta_key, meta_value) SELECT seq % {0}, CONCAT('_key_', seq % 23), REPEAT(MD5(seq), 9)
  FROM seq_1_to_{1};
INSERT INTO wp_options (option_name, option_value) SELECT CONCAT('option_', seq), 'a:1:{{s:1:"x";s:2:"\\"";}}'
  FROM seq_1_to_300;
)SQL",
                     rows, rows * 3);
}

TEST_F(DumpLoaderTest, WordPressComesBackTheSame) { expect_same(database_of(wordpress(6000))); }

TEST_F(DumpLoaderTest, EveryKindOfObjectComesBackTheSame) { expect_same(database_of(test::kEverything)); }

TEST_F(DumpLoaderTest, OddThingsComeBackTheSame) { expect_same(database_of(test::kOddThings)); }

TEST_F(DumpLoaderTest, OneThreadIsEnough) {
  LoadOptions options;
  options.threads = 1;
  expect_same(database_of(wordpress(50)), options);
}

TEST_F(DumpLoaderTest, EmptyDatabasesAreLoaded) { expect_same(database_of("")); }

TEST_F(DumpLoaderTest, DumpsWithOtherOptionsAreLoaded) {
  const std::string site = database_of(wordpress(100));
  expect_same(site, {}, {"--complete-insert", "--skip-extended-insert"});
  expect_same(site, {}, {"--no-autocommit", "--insert-ignore", "--skip-add-locks", "--skip-disable-keys"});
  expect_same(site, {}, {"--skip-opt", "--create-options"});
  expect_same(site, {}, {"--replace", "--skip-comments=0", "--add-drop-trigger"});
}

TEST_F(DumpLoaderTest, IndexesThatComeAfterTheRowsMakeTheSameTable) {
  // Each with more rows than are worth it.
  const std::string fill = " SELECT seq, seq % 100, REPEAT(CONCAT('word', seq, ' '), 50) FROM seq_1_to_8000;";
  std::string sql = "CREATE TABLE parent (id INT PRIMARY KEY, k INT, t TEXT, KEY far (k));";
  sql += "INSERT INTO parent (id, k, t)" + fill;
  const std::pair<const char*, const char*> kTables[] = {
      {"plain", "id INT PRIMARY KEY, k INT, t TEXT, KEY a (k), KEY b (t(20), k DESC) COMMENT 'x'',)', KEY c (t(5))"},
      {"texts", "id INT PRIMARY KEY, k INT, t TEXT, FULLTEXT KEY f (t), KEY a (k)"},
      {"more_texts", "id INT PRIMARY KEY, k INT, t TEXT, FULLTEXT KEY f (t), FULLTEXT KEY g (t)"},
      {"counted", "k INT AUTO_INCREMENT, id INT, t TEXT, KEY counter (k), KEY other (id)"},
      {"child", "id INT PRIMARY KEY, k INT, t TEXT, KEY a (k), CONSTRAINT c1 FOREIGN KEY (k) REFERENCES parent (k)"},
      {"made",
       "id INT PRIMARY KEY, k INT, t TEXT, g INT AS (k * 2) VIRTUAL, h INT AS (k + 1) STORED, KEY a (g), KEY b (h)"},
      {"unkeyed", "id INT, k INT, t TEXT, KEY a (k), UNIQUE KEY u (id)"},
  };
  for (const auto& [name, columns] : kTables) {
    sql += fmt::format(
        "CREATE TABLE {0} ({1}) ENGINE=InnoDB; INSERT INTO {0} (id, k, t){2}", name, columns,
        std::string_view(name) == "counted" ? " SELECT seq, seq, REPEAT('x ', 200) FROM seq_1_to_8000;" : fill);
  }
  sql +=
      "CREATE TABLE split (id INT, k INT, t TEXT, KEY a (k)) PARTITION BY HASH (id) PARTITIONS 3; INSERT INTO split" +
      fill;
  sql +=
      "CREATE TABLE isam (id INT, k INT, t TEXT, KEY a (k), FULLTEXT KEY (t)) ENGINE=MyISAM; INSERT INTO isam" + fill;
  sql += "CREATE TABLE history (id INT, k INT, t TEXT, KEY a (k)) WITH SYSTEM VERSIONING;";
  expect_same(database_of(sql));
}

TEST_F(DumpLoaderTest, ColumnsThatCountByASequenceAreLoaded) {
  // Servers write the schema's name into such a default.
  expect_same(
      database_of("CREATE SEQUENCE s; CREATE TABLE t (a INT DEFAULT NEXT VALUE FOR s, b INT); "
                  "INSERT INTO t (b) VALUES (5), (6);"));
}

TEST_F(DumpLoaderTest, ViewsThatNeedLaterOnesAreLoaded) {
  // Against the order of names, in which a dump has them.
  expect_same(
      database_of("CREATE TABLE b (id INT PRIMARY KEY, v INT); CREATE VIEW z1 AS SELECT * FROM b; CREATE VIEW m1 AS "
                  "SELECT * FROM z1 WHERE v > 0 WITH LOCAL CHECK OPTION; CREATE VIEW a1 AS SELECT * FROM m1 WHERE id > "
                  "0 WITH CHECK OPTION; CREATE VIEW c1 AS SELECT * FROM a1;"));
}

TEST_F(DumpLoaderTest, ViewThatCannotBeMade_IsNamedWithItsOwnError) {
  const std::string site = database_of(
      "CREATE TABLE b (id INT PRIMARY KEY); CREATE VIEW z1 AS SELECT * FROM b; CREATE VIEW a1 AS SELECT * FROM z1;");
  const auto file = dump_of(site);
  std::string text = read_small_file(file, std::size_t{1} << 20U);
  const std::string from = "from `b`";
  ASSERT_NE(text.find(from), std::string::npos);
  text.replace(text.find(from), from.size(), "from `c`");
  folder_.write(file.filename().string(), text);
  const ShadowDatabase shadow = make_shadow(site);
  try {
    static_cast<void>(load(file, shadow));
    FAIL() << "it was loaded";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("view z1"), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("(1146)"), std::string::npos) << error.message();
  }
}

TEST_F(DumpLoaderTest, MergeTables_HaveNoRowsOfTheirOwn) {
  const std::string site = database_of(
      "CREATE TABLE m1 (a INT) ENGINE=MyISAM; CREATE TABLE m2 (a INT) ENGINE=MyISAM; INSERT INTO m1 VALUES (1), (2); "
      "INSERT INTO m2 VALUES (3); CREATE TABLE a_all (a INT) ENGINE=MERGE UNION=(m1, m2) INSERT_METHOD=LAST;");
  expect_same(site);
  LoadOptions locking;
  locking.lock_tables = true;
  expect_same(site, locking);
}

TEST_F(DumpLoaderTest, BigRowsAreLoaded) {
  expect_same(
      database_of("CREATE TABLE big (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO big VALUES (1, REPEAT('a\\0b', "
                  "7000000)), (2, REPEAT(0xFF, 3000000));"));
}

TEST_F(DumpLoaderTest, TheManifestsLayoutIsTheScansLayout) {
  const std::string site = database_of(test::kEverything);
  const auto file = dump_of(site);
  const FileAccess dump = open_dump(file);
  DumpSections sections;
  SqlScanner scanner([&sections](const SqlStatement& statement) { sections.add(statement); });
  std::string text(dump.size(), '\0');
  ASSERT_EQ(dump.read(0, {reinterpret_cast<std::byte*>(text.data()), text.size()}), text.size());
  scanner.feed(bytes_of(text));
  scanner.finish();
  Json description{{"name", site}, {"max_allowed_packet", scanner.longest_statement()}};
  sections.describe(description);
  const DumpLayout layout = layout_from_manifest(description, dump.size());
  const ShadowDatabase shadow = make_shadow(site);
  const LoadResult result = load_dump(dump, layout, {shadow.name(), shadow.login(), std::nullopt}, {}, never_);
  EXPECT_EQ(contents(shadow.name()), contents(site));
  EXPECT_EQ(result.rows.at("emoji"), 4U);
}

TEST_F(DumpLoaderTest, OneTableComesWithItsTriggersAndNothingElse) {
  const std::string site = database_of(test::kEverything);
  const ShadowDatabase shadow = make_shadow(site);
  LoadOptions options;
  options.only_tables = {"emoji"};
  const LoadResult result = load(dump_of(site), shadow, options);
  EXPECT_EQ(result.rows, (std::map<std::string, std::uint64_t>{{"emoji", 4}}));
  const auto all = contents(shadow.name());
  EXPECT_EQ(all.size(), 6U);  // its definition and sum; views, triggers, routines, events
  EXPECT_EQ(all.at("views") + all.at("routines") + all.at("events"), "");
  EXPECT_EQ(all.at("triggers"), contents(site).at("triggers"));
  options.only_tables = {"nothing"};
  EXPECT_THROW(load(dump_of(site), make_shadow(), options), Error);
}

TEST_F(DumpLoaderTest, DefinersAreReplacedAndEventsSwitchedOff) {
  const std::string site = database_of(test::kEverything);
  const ShadowDatabase shadow = make_shadow(site);
  const LoadResult result = load(dump_of(site), shadow);
  DatabaseConnection connection = connect();
  const std::string user = shadow.login().user + "@localhost";
  const std::string in = " = '" + shadow.name() + "'";
  for (const std::string& sql : {"SELECT DISTINCT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA" + in,
                                 "SELECT DISTINCT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA" + in,
                                 "SELECT DISTINCT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA" + in,
                                 "SELECT DISTINCT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA" + in}) {
    EXPECT_EQ(connection.rows(sql), std::vector<SqlRow>{{user}}) << sql;
  }
  EXPECT_EQ(connection.rows("SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA" + in)[0][0], "DISABLED");
  EXPECT_EQ(result.notes.size(), 1U);
  ASSERT_EQ(result.event_status.size(), 1U);
  EXPECT_EQ(result.event_status.begin()->second, "ENABLED");
}

TEST_F(DumpLoaderTest, AnAdminMayKeepDefinersAndEvents) {
  const std::string site = database_of(test::kEverything);
  const ShadowDatabase shadow = make_shadow(site);
  LoadOptions options;
  options.definer = DefinerPolicy::keep;
  options.events_disabled = false;
  const FileAccess dump = open_dump(dump_of(site));
  const LoadTarget target{shadow.name(), shadow.login(), server().root()};
  const LoadResult result = load_dump(dump, layout_by_scan(dump, never_), target, options, never_);
  DatabaseConnection connection = connect();
  const std::string of = "SELECT TABLE_NAME, DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '";
  EXPECT_EQ(connection.rows(of + site + "' ORDER BY 1"), connection.rows(of + shadow.name() + "' ORDER BY 1"));
  EXPECT_EQ(connection.rows("SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '" + shadow.name() +
                            "'")[0][0],
            "ENABLED");
  EXPECT_TRUE(result.notes.empty());
}

TEST_F(DumpLoaderTest, RowsThatAreNotThereAreFound) {
  const FileAccess dump = open_dump(dump_of(database_of(wordpress(20))));
  DumpLayout layout = layout_by_scan(dump, never_);
  for (DumpTable& table : layout.tables) {
    if (table.name == "wp_options") ++table.section.rows;
  }
  const ShadowDatabase shadow = make_shadow();
  try {
    static_cast<void>(load_dump(dump, layout, {shadow.name(), shadow.login(), std::nullopt}, {}, never_));
    ADD_FAILURE() << "a row too few was not found";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification);
    EXPECT_NE(error.message().find("wp_options should have 301 rows"), std::string::npos) << error.message();
  }
}

TEST_F(DumpLoaderTest, AStatementTooLongForTheServerIsToldBefore) {
  const FileAccess dump = open_dump(dump_of(database_of(wordpress(20))));
  const DumpLayout layout = layout_by_scan(dump, never_);
  DatabaseConnection admin = connect();
  const ShadowDatabase shadow = make_shadow();
  admin.execute("SET GLOBAL max_allowed_packet = 1024");
  try {
    static_cast<void>(load_dump(dump, layout, {shadow.name(), shadow.login(), std::nullopt}, {}, never_));
    ADD_FAILURE() << "it was loaded";
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("max_allowed_packet"), std::string::npos) << error.message();
  }
  admin.execute("SET GLOBAL max_allowed_packet = 1073741824");
  EXPECT_EQ(contents(shadow.name()).size(), 4U);  // no table
}

TEST_F(DumpLoaderTest, ABrokenViewThatIsKnownIsANote) {
  const std::string site = database_of("CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t;");
  auto file = dump_of(site);
  std::string text = read_small_file(file, 1U << 20U);
  for (const std::string from = "`t`.`a`"; text.find(from) != std::string::npos;) {
    text.replace(text.find(from), from.size(), "`t`.`gone`");
  }
  file = folder_.write("broken.sql", text);
  const FileAccess dump = open_dump(file);
  DumpLayout layout = layout_by_scan(dump, never_);
  const ShadowDatabase first = make_shadow();
  EXPECT_THROW(static_cast<void>(load_dump(dump, layout, {first.name(), first.login(), std::nullopt}, {}, never_)),
               Error);
  layout.broken_views = {"v"};
  const ShadowDatabase second = make_shadow();
  const LoadResult result = load_dump(dump, layout, {second.name(), second.login(), std::nullopt}, {}, never_);
  ASSERT_FALSE(result.notes.empty());
  EXPECT_NE(result.notes[0].find("gone"), std::string::npos) << result.notes[0];
}

TEST_F(DumpLoaderTest, ACancellationEndsItAndNothingStays) {
  const auto file = dump_of(database_of(wordpress(20000)));
  const FileAccess dump = open_dump(file);
  const DumpLayout layout = layout_by_scan(dump, never_);
  const std::string before = inhabitants();
  Cancellation cancellation;
  LoadOptions options;
  options.on_progress = [&cancellation](std::uint64_t done, std::uint64_t) {
    if (done > 2'000'000) cancellation.cancel();
  };
  {
    const ShadowDatabase shadow(server().root(), {new_shadow_name("test"), {}, {}, true}, cancellation);
    try {
      static_cast<void>(load_dump(dump, layout, {shadow.name(), shadow.login(), std::nullopt}, options, cancellation));
      ADD_FAILURE() << "it went on";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::interrupted) << error.message();
    }
  }
  EXPECT_EQ(inhabitants(), before);
}

TEST_F(DumpLoaderTest, ProgressReachesTheTotal) {
  std::uint64_t last = 0, total = 0;
  LoadOptions options;
  options.on_progress = [&](std::uint64_t done, std::uint64_t of) {
    EXPECT_GT(done, last);
    last = done;
    total = of;
  };
  const ShadowDatabase shadow = make_shadow();
  const std::string site = database_of(wordpress(500));
  static_cast<void>(load(dump_of(site, {"--skip-add-locks", "--skip-disable-keys"}), shadow, options));
  EXPECT_GT(last, total * 9 / 10);
  EXPECT_LE(last, total);
}

}  // namespace
}  // namespace wobackup
