// The dumped database's own name in definitions.
#include "target/database/own_schema.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

TEST(OwnSchema, IsTakenOutOfViewsAndDefaults) {
  const std::pair<const char*, const char*> kTexts[] = {
      {"CREATE VIEW `v` AS select `d`.`t`.`a` AS `a` from `d`.`t`",
       "CREATE VIEW `v` AS select `t`.`a` AS `a` from `t`"},
      {"CREATE VIEW v AS select `d`.`f`(1) from ((`d`.`t` join `d`.`u` on(`d`.`t`.`a` = `d`.`u`.`a`)))",
       "CREATE VIEW v AS select `f`(1) from ((`t` join `u` on(`t`.`a` = `u`.`a`)))"},
      {"CREATE TABLE t (a int DEFAULT nextval(`d`.`s`))", "CREATE TABLE t (a int DEFAULT nextval(`s`))"},
      // A table may have the same name, and strings are strings.
      {"CREATE VIEW v AS select `d`.`a`, '`d`.`t`.`a`' from `d`",
       "CREATE VIEW v AS select `d`.`a`, '`d`.`t`.`a`' from `d`"},
      {"CREATE VIEW v AS select `x`.`d`.`a`, `e`.`t`.`a` from `x`.`d`",
       "CREATE VIEW v AS select `x`.`d`.`a`, `e`.`t`.`a` from `x`.`d`"},
      {"CREATE VIEW `d`.`v` AS select 1", "CREATE VIEW `d`.`v` AS select 1"},
      {"CREATE PROCEDURE p() SELECT `d`.`t`.`a` FROM `d`.`t`", "CREATE PROCEDURE p() SELECT `d`.`t`.`a` FROM `d`.`t`"},
      {"CREATE VIEW v AS select 1 from `d`.", "CREATE VIEW v AS select 1 from "},
  };
  for (const auto& [before, after] : kTexts) EXPECT_EQ(without_schema(before, "d", {}), after);
}

}  // namespace
}  // namespace wobackup
