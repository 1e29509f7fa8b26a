// Rows are values and nothing else.
#include "target/database/row_values.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

std::uint64_t rows_of(const std::string& sql) {
  const std::optional<RowValues> values = read_row_values(sql, {});
  return values ? values->rows : 0;
}

TEST(RowValues, AllKindsOfValuesAreRead) {
  EXPECT_EQ(rows_of("INSERT INTO `x` VALUES\n(1,-2.5e+10,.5,NULL,'it''s \\' (),',0x00FF,b'101',_binary 'a\\0',"
                    "_utf8mb4 0x41,TRUE,default),\n('','','','','','','','','','','')"),
            2U);
  EXPECT_EQ(rows_of("insert ignore into x (`a`, b) values (1, 2) , (3, 4)\n"), 2U);
  EXPECT_EQ(rows_of("REPLACE INTO x VALUES ()"), 1U);
}

TEST(RowValues, TheTableIsNamed) {
  EXPECT_EQ(read_row_values("INSERT INTO `a``b /*!50001 x*/` VALUES (1)", {})->table, "a`b /*!50001 x*/");
  EXPECT_EQ(read_row_values("INSERT INTO Ab VALUES (1)", {})->table, "Ab");
}

TEST(RowValues, AnythingElseIsRefused) {
  for (const char* sql : {"INSERT INTO x SELECT 1",
                          "INSERT INTO x VALUES (1) ON DUPLICATE KEY UPDATE a=1",
                          "INSERT INTO x SET a=1",
                          "INSERT INTO x VALUES ((1))",
                          "INSERT INTO x VALUES (SLEEP(1))",
                          "INSERT INTO x VALUES (1+a)",
                          "INSERT INTO x VALUES (@@datadir)",
                          "INSERT INTO x VALUES (a)",
                          "INSERT INTO x VALUES (1) RETURNING a",
                          "INSERT INTO x VALUES (1);(2)",
                          "INSERT INTO x VALUES (1),",
                          "INSERT INTO x VALUES (1",
                          "INSERT INTO x VALUES ('a)",
                          "INSERT INTO x VALUES ('a' 'b')",
                          "INSERT INTO x VALUES (\"a\")",
                          "INSERT INTO x VALUES (1--1)",
                          "INSERT INTO x VALUES (1 /*! ,2 */)",
                          "INSERT INTO x /*! SELECT */ VALUES (1)",
                          "INSERT INTO x VALUES (1 -- \n)",
                          "INSERT INTO a.x VALUES (1)",
                          "INSERT INTO x PARTITION (p) VALUES (1)",
                          "INSERT INTO x VALUES (0x41zz)",
                          "INSERT INTO x VALUES (_binary a)",
                          "INSERT INTO x VALUES (1a)",
                          "INSERT INTO x VALUES",
                          "INSERT",
                          "",
                          "INSERT INTO x VALUES (,)",
                          "INSERT INTO x (a,) VALUES (1)",
                          "INSERT INTO x VALUES (1 2)"}) {
    EXPECT_EQ(rows_of(sql), 0U) << sql;
  }
}

TEST(RowValues, StringsOfAnyLengthEndWhereTheServerEndsThem) {
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string text(length, 'x');
    EXPECT_EQ(rows_of("INSERT INTO x VALUES ('" + text + "\\\\'),('" + text + "\\'),(''),(')"), 2U) << length;
    EXPECT_EQ(rows_of("INSERT INTO x VALUES ('" + text + "\\')"), 0U) << length;
    EXPECT_EQ(rows_of("INSERT INTO x VALUES ('" + text + "\\"), 0U) << length;
  }
}

}  // namespace
}  // namespace wobackup
