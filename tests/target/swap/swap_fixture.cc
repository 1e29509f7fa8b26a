#include "target/swap/swap_fixture.h"

namespace wobackup::test {
namespace {

const char* const kTables = R"(
CREATE TABLE posts (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(200), hits INT DEFAULT 0);
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, post INT, what VARCHAR(40)) ENGINE=MyISAM;
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE child (id INT PRIMARY KEY, parent INT, CONSTRAINT to_parent FOREIGN KEY (parent) REFERENCES parent (id));
CREATE TABLE words (id INT PRIMARY KEY, body TEXT, FULLTEXT KEY (body));
CREATE TABLE parts (id INT PRIMARY KEY, x INT) PARTITION BY RANGE (id)
  (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE);
CREATE TABLE computed (id INT PRIMARY KEY, twice INT AS (id * 2) STORED, half INT AS (id / 2) VIRTUAL);
CREATE TABLE plain_aria (id INT PRIMARY KEY, x VARCHAR(20)) ENGINE=Aria;
CREATE TABLE kept (id INT PRIMARY KEY, x INT) WITH SYSTEM VERSIONING;
CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 5 NOCACHE;
CREATE TABLE counted (id INT DEFAULT (NEXTVAL(numbers)), x INT);
INSERT INTO parent VALUES (1), (2);
INSERT INTO child VALUES (1, 1), (2, 2);
INSERT INTO words VALUES (1, 'some words to search');
INSERT INTO parts VALUES (1, 1), (20, 2);
INSERT INTO computed (id) VALUES (4), (8);
INSERT INTO plain_aria VALUES (1, 'aria');
INSERT INTO kept VALUES (1, 1);
UPDATE kept SET x = 2;
INSERT INTO counted (x) VALUES (1), (2);
)";

// %1: a word that differs between old and new.
const char* const kObjects = R"(
DELIMITER ;;
CREATE FUNCTION shout(t VARCHAR(200)) RETURNS VARCHAR(220) DETERMINISTIC RETURN CONCAT(UPPER(t), ' %1');;
CREATE DEFINER=somebody@localhost PROCEDURE add_post(IN t VARCHAR(200)) SQL SECURITY INVOKER
BEGIN
  INSERT INTO posts (title) VALUES (CONCAT(t, '%1'));
END;;
CREATE DEFINER=somebody@localhost TRIGGER z_first BEFORE INSERT ON posts FOR EACH ROW SET NEW.hits = 1;;
CREATE TRIGGER IF NOT EXISTS a_second BEFORE INSERT ON posts FOR EACH ROW FOLLOWS z_first SET NEW.hits = NEW.hits * 10;;
CREATE TRIGGER D.qualified AFTER INSERT ON D.posts FOR EACH ROW
  INSERT INTO audit (post, what) VALUES (NEW.id, '%1');;
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';;
CREATE TRIGGER "quoted ""name`" BEFORE UPDATE ON "words" FOR EACH ROW SET NEW."body" = CONCAT(NEW."body", '\');;
SET sql_mode = 'ORACLE';;
CREATE PACKAGE tools AS FUNCTION one RETURN INT; END;;
CREATE PACKAGE BODY tools AS FUNCTION one RETURN INT AS BEGIN RETURN LENGTH('%1'); END; END;;
SET sql_mode = DEFAULT;;
SET NAMES latin1;;
CREATE FUNCTION old_charset() RETURNS VARCHAR(20) CHARACTER SET utf8mb4 DETERMINISTIC RETURN 'caf\xE9%1';;
CREATE TRIGGER old_charset BEFORE UPDATE ON plain_aria FOR EACH ROW SET NEW.x = 'caf\xE9';;
CREATE VIEW old_charset AS SELECT id, 'caf\xE9 %1' AS word FROM parent;;
SET NAMES utf8mb4;;
CREATE VIEW z_base AS SELECT id, shout(title) AS loud, '%1' AS word FROM posts;;
CREATE VIEW a_top AS SELECT t.id FROM z_base AS t WHERE loud LIKE '%';;
CREATE DEFINER=nobody@nowhere VIEW no_definer AS SELECT id FROM parent WHERE id > LENGTH('%1');;
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW two_databases AS
  SELECT p.id, n.id AS other FROM parent p JOIN neighbour.things n ON n.id = p.id;;
CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 03:00:00' ON COMPLETION PRESERVE ENABLE
  COMMENT 'on completion not preserve enable' DO DELETE FROM audit WHERE what = '%1';;
CREATE EVENT resting ON SCHEDULE EVERY 2 HOUR DISABLE DO SELECT '%1';;
SET timestamp = 1000000000;;
CREATE EVENT past ON SCHEDULE AT '2002-01-01 00:00:00' DISABLE ON SLAVE DO SELECT 1;;
SET timestamp = DEFAULT;;
DELIMITER ;
)";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// \xE9 in the scripts is the byte.
std::string objects(const std::string& database, const std::string& word) {
  std::string sql = replaced(kObjects, "%1", word);
  sql = replaced(sql, "\\xE9", "\xE9");
  return replaced(sql, "D.", database + ".");
}

std::string listed(DatabaseConnection& connection, const std::string& database, const std::string& sql) {
  std::string text;
  for (const SqlRow& row : connection.rows(sql)) {
    for (const auto& cell : row) text += cell.value_or("NULL") + "|";
    text += "\n";
  }
  return replaced(text, database, "D");
}

}  // namespace

std::string differences(const Contents& is, const Contents& should_be) {
  std::string text;
  for (const auto& [key, value] : is) {
    const auto other = should_be.find(key);
    if (other == should_be.end()) {
      text += key + " should not be there\n";
    } else if (other->second != value) {
      text += key + " is\n  " + value + "\nand should be\n  " + other->second + "\n";
    }
  }
  for (const auto& [key, value] : should_be) {
    if (!is.contains(key)) text += key + " is missing\n";
  }
  return text;
}

void SwapTest::SetUpTestSuite() {
  server_ = std::make_unique<PrivateMariadb>();
  server_->run("",
               "CREATE DATABASE neighbour; CREATE TABLE neighbour.things (id INT PRIMARY KEY);"
               "CREATE USER somebody@localhost; GRANT ALL ON *.* TO somebody@localhost; CREATE USER site@localhost; "
               "GRANT ALL ON liveq.* TO site@localhost;");
}

void SwapTest::SetUp() {
  for (const std::string name : {kLive, kShadow, kSafety, "safety2q"}) {
    run("", "DROP DATABASE IF EXISTS " + name);
  }
  run("", std::string("CREATE DATABASE ") + kLive + " CHARACTER SET utf8mb4; CREATE DATABASE " + kShadow +
              " CHARACTER SET utf8mb4");
}

void SwapTest::fill_live() const {
  run(kLive, kTables);
  run(kLive,
      "INSERT INTO posts (title) VALUES ('old'), ('older');"
      "CREATE TABLE only_old (id INT); CREATE TABLE either (id INT); CREATE VIEW other AS SELECT 1 AS old;");
  run(kLive, objects(kLive, "old"));
  run(kLive,
      "CREATE VIEW only_old_view AS SELECT id FROM posts; CREATE PROCEDURE only_old() SELECT 1;"
      "CREATE TRIGGER only_old AFTER DELETE ON parts FOR EACH ROW SET @x = 1;"
      "CREATE EVENT only_old ON SCHEDULE EVERY 1 DAY DO SELECT 1;");
}

void SwapTest::fill_shadow() const {
  run(kShadow, kTables);
  run(kShadow,
      "INSERT INTO posts (title) VALUES ('new'); INSERT INTO parent VALUES (3);"
      "CREATE TABLE only_new (id INT); CREATE TABLE other (id INT); CREATE VIEW either AS SELECT 2 AS fresh;");
  run(kShadow, objects(kShadow, "new"));
  run(kShadow,
      "CREATE VIEW only_new_view AS SELECT id FROM words; CREATE PROCEDURE only_new() SELECT 2;"
      "CREATE TRIGGER only_new AFTER DELETE ON child FOR EACH ROW SET @x = 1;");
}

std::string SwapTest::value(const std::string& sql) const {
  DatabaseConnection connection = connect();
  const std::vector<SqlRow> rows = connection.rows(sql);
  return rows.empty() ? "" : rows[0][0].value_or("NULL");
}

Contents SwapTest::contents(const std::string& database, bool owners_and_states) const {
  DatabaseConnection connection = connect();
  if (connection.rows("SHOW DATABASES LIKE '" + database + "'").empty()) return {};
  connection.execute("USE " + quoted_name(database));
  Contents all;
  for (const SqlRow& row : connection.rows("SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE "
                                           "TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'VIEW'")) {
    const std::string name = quoted_name(*row[0]);
    const bool sequence = *row[1] == "SEQUENCE";
    all["table " + *row[0]] =
        listed(connection, database, "SHOW CREATE TABLE " + name) +
        listed(connection, database, sequence ? "SELECT * FROM " + name : "CHECKSUM TABLE " + name);
    if (*row[1] == "SYSTEM VERSIONED") {
      all["history " + *row[0]] =
          listed(connection, database, "SELECT *, ROW_START FROM " + name + " FOR SYSTEM_TIME ALL");
    }
  }
  const std::string definer = owners_and_states ? ", DEFINER" : "";
  const std::string state = owners_and_states ? ", STATUS" : "";
  const auto each = [&](const std::string& kind, const std::string& sql) {
    for (const SqlRow& row : connection.rows(sql)) {
      std::string text;
      for (const auto& cell : row) text += cell.value_or("NULL") + "|";
      all[kind + " " + *row[0]] = replaced(text, database, "D");
    }
  };
  each("view",
       "SELECT TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, SECURITY_TYPE, ALGORITHM, CHARACTER_SET_CLIENT, "
       "COLLATION_CONNECTION" +
           definer + " FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()");
  each("trigger",
       "SELECT TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, HEX(ACTION_STATEMENT), ACTION_TIMING, "
       "ACTION_ORDER, SQL_MODE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION" +
           definer + " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()");
  each("routine",
       "SELECT CONCAT(ROUTINE_TYPE, ROUTINE_NAME), DTD_IDENTIFIER, ROUTINE_DEFINITION, IS_DETERMINISTIC, "
       "SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, CHARACTER_SET_CLIENT, DATABASE_COLLATION" +
           definer + " FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()");
  each("event",
       "SELECT EVENT_NAME, EVENT_DEFINITION, EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, STARTS, "
       "TIME_ZONE, SQL_MODE, ON_COMPLETION, EVENT_COMMENT" +
           definer + state + " FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()");
  return all;
}

SwapRequest SwapTest::request() {
  SwapRequest request;
  request.login = server().root();
  request.live = kLive;
  request.shadow = kShadow;
  request.safety = kSafety;
  request.patience = {std::chrono::seconds(1), 20, std::chrono::milliseconds(50)};
  request.persist = [this](const Json& saved) { saved_ = Json::parse(saved.dump()); };
  return request;
}

}  // namespace wobackup::test
