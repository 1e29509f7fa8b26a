// Definers and events.
#include "target/database/program_text.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

TEST(ProgramText, DefinersAreTakenOut) {
  const std::pair<const char*, const char*> kTexts[] = {
      {"CREATE DEFINER=`a`@`b` PROCEDURE `p`() SELECT 1", "CREATE  PROCEDURE `p`() SELECT 1"},
      {"CREATE DEFINER = 'a' @ 'b' EVENT e", "CREATE  EVENT e"},
      {"CREATE OR REPLACE DEFINER=CURRENT_USER() VIEW v", "CREATE OR REPLACE  VIEW v"},
      {"CREATE ALGORITHM=MERGE DEFINER=role SQL SECURITY DEFINER VIEW v",
       "CREATE ALGORITHM=MERGE  SQL SECURITY DEFINER VIEW v"},
      {"CREATE DEFINER=`DEFINER``=`@`VIEW` FUNCTION f", "CREATE  FUNCTION f"},
      {"CREATE VIEW `v` AS SELECT 1 AS definer", "CREATE VIEW `v` AS SELECT 1 AS definer"},
      {"CREATE PROCEDURE p() BEGIN SET definer = 'x'; END", "CREATE PROCEDURE p() BEGIN SET definer = 'x'; END"},
  };
  for (const auto& [before, after] : kTexts) EXPECT_EQ(without_definer(before, {}), after);
}

TEST(ProgramText, EventsAreSwitchedOff) {
  const std::string head = "CREATE EVENT `enable do` ON SCHEDULE EVERY (1 + 1) DAY STARTS 'do' ";
  const auto disabled = [&](const std::string& rest) { return as_disabled_event(head + rest, {}); };
  EXPECT_EQ(disabled("ON COMPLETION PRESERVE ENABLE COMMENT 'DO' DO SELECT 'enable'").text,
            head + "ON COMPLETION PRESERVE DISABLE  COMMENT 'DO' DO SELECT 'enable'");
  EXPECT_EQ(disabled("DO SELECT 1").text, head + "DISABLE DO SELECT 1");
  EXPECT_EQ(disabled("COMMENT 'x' DO SELECT 1").text, head + "DISABLE COMMENT 'x' DO SELECT 1");
  EXPECT_EQ(disabled("DISABLE ON SLAVE DO SELECT 1").text, head + "DISABLE  DO SELECT 1");
  EXPECT_EQ(disabled("DISABLE DO SELECT 1").status, "DISABLED");
  EXPECT_EQ(disabled("DO SELECT 1").status, "ENABLED");
}

}  // namespace
}  // namespace wobackup
