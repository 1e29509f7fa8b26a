#include "recovery/live_wordpress.h"

#include <unistd.h>

#include <set>
#include <sstream>

#include "fakes/plain_tools.h"
#include "fakes/tree_facts.h"

namespace wobackup::test {
namespace {

// Everything that the exchange must bring over, owned by the site's user.
constexpr const char* kObjects = R"SQL(
DROP TABLE IF EXISTS child, parent, words, parts, numbers_used, since, traffic;
DROP VIEW IF EXISTS newest; DROP FUNCTION IF EXISTS twice; DROP PROCEDURE IF EXISTS tidy; DROP EVENT IF EXISTS nightly;
DROP EVENT IF EXISTS resting; DROP EVENT IF EXISTS awake; DROP SEQUENCE IF EXISTS numbers;
CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), UNIQUE KEY (name)) ENGINE=InnoDB;
CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE);
CREATE TABLE words (id INT PRIMARY KEY, body TEXT, FULLTEXT KEY (body)) ENGINE=InnoDB;
CREATE TABLE parts (id INT, day INT, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)
  (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE);
CREATE SEQUENCE numbers START WITH 7;
CREATE TABLE numbers_used (n BIGINT DEFAULT NEXTVAL(numbers), t VARCHAR(9));
CREATE TABLE traffic (id INT PRIMARY KEY AUTO_INCREMENT, t TIMESTAMP);
INSERT INTO parent (name) VALUES ('a'), ('b');
INSERT INTO child VALUES (1, 1), (2, 2);
INSERT INTO words VALUES (1, 'a needle in the hay');
INSERT INTO parts VALUES (1, 3), (2, 30);
CREATE VIEW newest AS SELECT ID, post_title FROM wp_posts ORDER BY ID DESC LIMIT 3;
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n;
CREATE PROCEDURE tidy() DELETE FROM words WHERE id > 100;
CREATE TRIGGER counted BEFORE INSERT ON child FOR EACH ROW SET NEW.id = NEW.id + 0;
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM words WHERE id > 200;
CREATE EVENT resting ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SET @a = 1;
)SQL";

}  // namespace

void LiveWordPressTest::SetUpTestSuite() {
  if (::geteuid() == 0) site_ = std::make_unique<InstalledWordPress>();
}

void LiveWordPressTest::SetUp() {
  if (!site_) GTEST_SKIP() << "needs root: a site's code runs as another user";
  config_.registry = folder_ / "none.db";
  config_.state_dir = folder_ / "state";
  config_.backup_root = folder_ / "archives";
  config_.min_free_bytes = 0;
  config_.database.defaults_file = live().server().defaults_file();
  config_.server.http_check = false;
  config_.server.reload_php = false;
  config_.server.page_cache = folder_ / "no-cache";
  config_.site["wp.example"].path = live().site();
  config_.site["wp.example"].type = "wp";
  config_.site["wp.example"].database.name = "wp";
  // As the site would: with its own login.
  const std::string objects = kObjects;
  run_in(live().site(), {"mariadb", "--socket=" + live().server().socket(), "--user=wp", "--password=se'cret \\ 1",
                         "wp", "-e", objects});
  archive_ = service().create(the_site(), {}).archive;
  files_then_ = files();
  database_then_ = database();
  change();
  files_now_ = files();
  database_now_ = database();
  ASSERT_NE(files_then_, files_now_);
  ASSERT_NE(database_then_, database_now_);
}

// What a test leaves is not in the next one's way.
void LiveWordPressTest::TearDown() {
  if (!site_ || !service().pending_restore("wp.example")) return;
  static_cast<void>(service().finish_restore(the_site(), true));
}

void LiveWordPressTest::change() const {
  sql("INSERT INTO wp_posts (post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered)"
      " VALUES ('since', 'x', '', '', '', ''); DELETE FROM words; DROP VIEW newest; DROP TRIGGER counted;"
      "CREATE TABLE IF NOT EXISTS since (id INT); DROP EVENT nightly; DROP EVENT IF EXISTS awake;"
      "CREATE DEFINER=wp@localhost EVENT awake ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SET @a = 1");
  std::ofstream(live().htdocs() / "since.php") << "<?php // since";
  std::filesystem::remove(live().htdocs() / "readme.html");
}

std::string LiveWordPressTest::database() {
  return run_in("/",
                {"mariadb-dump", "--socket=" + live().server().socket(), "--user=root", "--skip-comments", "--routines",
                 "--events", "--triggers", "--single-transaction", "--ignore-table=wp.traffic", "wp"});
}

std::string LiveWordPressTest::differences_from(const std::string& other) {
  const std::string now = database();
  if (now == other) return {};
  const auto lines_of = [](const std::string& text) {
    std::set<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
  };
  const std::set<std::string> a = lines_of(now), b = lines_of(other);
  std::string text;
  for (const std::string& line : a) text += b.contains(line) ? "" : "+ " + line.substr(0, 300) + "\n";
  for (const std::string& line : b) text += a.contains(line) ? "" : "- " + line.substr(0, 300) + "\n";
  return text;
}

std::map<std::string, std::string> LiveWordPressTest::files() {
  std::map<std::string, std::string> all = facts_of(live().site());
  std::erase_if(all, [](const auto& item) { return item.first.starts_with(".wobackup"); });
  return all;
}

std::string LiveWordPressTest::leftovers() {
  return run_in("/", {"mariadb", "--socket=" + live().server().socket(), "--user=root", "-N", "-e",
                      "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'wobackup%' UNION ALL"
                      " SELECT User FROM mysql.user WHERE User LIKE 'wobackup%'"});
}

}  // namespace wobackup::test
