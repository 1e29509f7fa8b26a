// What `diff BACKUP live` says of a site's database.
#include <algorithm>

#include "fakes/plain_tools.h"
#include "recovery/live_wordpress.h"

namespace wobackup {
namespace {

class LiveDifferenceTest : public test::LiveWordPressTest {
 protected:
  Difference difference() const {
    return service().difference_to_live(archive_, {}, [](const EntryChange&) {});
  }
  static std::vector<std::string> told(const Difference& found) {
    std::vector<std::string> lines;
    for (const TableChange& change : found.tables) {
      std::string line = change.kind + " " + change.name + " " + change.change;
      if (change.definition) line += " definition";
      if (change.before && change.after && change.kind == "table") {
        line += " by " + std::to_string(static_cast<int>(change.after->rows) - static_cast<int>(change.before->rows));
      }
      lines.push_back(line);
    }
    return lines;
  }
  static bool says(const Difference& found, std::string_view part) {
    return std::any_of(found.notes.begin(), found.notes.end(),
                       [&](const std::string& note) { return note.find(part) != std::string::npos; });
  }
};

TEST_F(LiveDifferenceTest, WhatWasRestored_IsTheSame) {
  static_cast<void>(restore());
  const Difference found = difference();
  EXPECT_EQ(told(found), std::vector<std::string>{});
  EXPECT_TRUE(found.database_compared);
  EXPECT_TRUE(found.same());
  undo();
}

TEST_F(LiveDifferenceTest, RowsDefinitionsAndWhatCameOrWent) {
  sql("ALTER TABLE parent ADD COLUMN more INT; ALTER SEQUENCE numbers INCREMENT BY 5;"
      "CREATE OR REPLACE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n + n;"
      "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'; CREATE PROCEDURE odd() SELECT '\\' AS \"x\"");
  const Difference found = difference();
  EXPECT_EQ(told(found),
            (std::vector<std::string>{"event nightly removed", "routine function twice changed definition",
                                      "sequence numbers changed definition", "table parent changed definition by 0",
                                      "table words changed by -1", "table wp_posts changed by 1",
                                      "trigger counted removed", "view newest removed", "event awake added",
                                      "routine procedure odd added", "table since added"}));
  const auto posts = std::find_if(found.tables.begin(), found.tables.end(),
                                  [](const TableChange& change) { return change.name == "wp_posts"; });
  ASSERT_NE(posts, found.tables.end());
  EXPECT_FALSE(posts->before->on_server);
  EXPECT_TRUE(posts->after->on_server);
  EXPECT_GT(posts->after->bytes, 10'000U);
  // Dumped now, all of it is the same: also what SQL modes do to quotes.
  archive_ = service().create(the_site(), {}).archive;
  EXPECT_EQ(told(difference()), std::vector<std::string>{});
  sql("DROP PROCEDURE odd");
}

// By the login that a backup would use: what it may not see is not told as removed.
TEST_F(LiveDifferenceTest, DatabaseThatCannotBeAsked_IsANote) {
  config_.database.admin = false;
  EXPECT_TRUE(difference().database_compared);
  live().server().run("", "REVOKE TRIGGER ON wp.* FROM wp@localhost");
  Difference found = difference();
  live().server().run("", "GRANT TRIGGER ON wp.* TO wp@localhost");
  EXPECT_FALSE(found.database_compared);
  EXPECT_TRUE(found.tables.empty());
  EXPECT_TRUE(says(found, "TRIGGER"));
  EXPECT_TRUE(found.files_compared);
  config_.site["wp.example"].database.password = "another";
  found = difference();
  EXPECT_FALSE(found.database_compared);
  EXPECT_TRUE(says(found, "the live database was not compared: "));
}

}  // namespace
}  // namespace wobackup
