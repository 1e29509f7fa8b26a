// Which indexes are taken out of a table's definition. That both parts make the same table is tested with a server.
#include "target/database/table_indexes.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

std::string indexes_of(const std::string& lines, const std::string& options = "ENGINE=InnoDB") {
  return split_table("CREATE TABLE `x` (" + lines + ") " + options, {}).indexes;
}

TEST(TableIndexes, PlainIndexesComeAfterwards) {
  const TableInTwoParts parts = split_table(
      "CREATE TABLE `a``b` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `t` varchar(9) DEFAULT 'KEY (x),',\n"
      "  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`t`),\n  KEY `k` (`t`(5),`id`) COMMENT '),',\n  FULLTEXT KEY `f` "
      "(`t`)\n"
      ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4",
      {});
  EXPECT_EQ(parts.create,
            "CREATE TABLE `a``b` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `t` varchar(9) DEFAULT 'KEY (x),',\n"
            "  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`t`)\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4");
  EXPECT_EQ(parts.indexes, "ALTER TABLE `a``b`\nADD KEY `k` (`t`(5),`id`) COMMENT '),',\nADD FULLTEXT KEY `f` (`t`)");
}

TEST(TableIndexes, TablesInDoubtStayWhole) {
  EXPECT_NE(indexes_of("`a` int, KEY `k` (`a`)"), "");
  EXPECT_EQ(indexes_of("`a` int, KEY `k` (`a`)", "ENGINE=MyISAM"), "");
  EXPECT_EQ(indexes_of("`a` int, KEY `k` (`a`)", ""), "");
  EXPECT_EQ(indexes_of("`a` int, KEY `k` (`a`)", "ENGINE=InnoDB PARTITION BY HASH (`a`)"), "");
  EXPECT_EQ(indexes_of("`a` int, KEY `k` (`a`)", "ENGINE=InnoDB WITH SYSTEM VERSIONING"), "");
  EXPECT_EQ(indexes_of("`a` int, KEY `k` (`a`), CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`a`)"), "");
  EXPECT_EQ(indexes_of("`a` int, `b` int GENERATED ALWAYS AS (`a`) VIRTUAL, KEY `k` (`a`)"), "");
  EXPECT_EQ(indexes_of("`a` int AUTO_INCREMENT, KEY `k` (`a`)"), "");
  EXPECT_EQ(indexes_of("`a` int AUTO_INCREMENT, `b` int, PRIMARY KEY (`b`,`a`), KEY `k` (`a`)"), "");
  EXPECT_EQ(indexes_of("`a` text, FULLTEXT KEY `k` (`a`), FULLTEXT KEY `l` (`a`)"), "");
  EXPECT_EQ(indexes_of("`a` int, PRIMARY KEY (`a`), UNIQUE KEY `u` (`a`)"), "");
}

}  // namespace
}  // namespace wobackup
