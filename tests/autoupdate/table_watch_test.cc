// What counts as a table that an update has emptied.
#include "autoupdate/table_watch.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

using Rows = std::map<std::string, std::uint64_t>;

std::string emptied(const Rows& before, const Rows& after, const std::vector<std::string>& may_empty = {}) {
  return emptied_tables({before, "wp_"}, {after, "wp_"}, may_empty);
}

TEST(EmptiedTables, WordPressOwnTables_MayNotLoseTheirRows) {
  EXPECT_EQ(emptied({{"wp_posts", 51}}, {{"wp_posts", 0}}), "the table wp_posts has lost its 51 rows");
  EXPECT_EQ(emptied({{"wp_usermeta", 1}}, {{"wp_usermeta", 0}}), "the table wp_usermeta has lost its rows");
  EXPECT_EQ(emptied({{"wp_users", 3}}, {}), "the table wp_users is gone");
  EXPECT_EQ(emptied({{"wp_comments", 100}}, {{"wp_comments", 49}}), "the table wp_comments has 49 of 100 rows left");
  EXPECT_EQ(emptied({{"wp_wc_orders", 100}}, {{"wp_wc_orders", 1}}), "the table wp_wc_orders has 1 of 100 rows left");
  EXPECT_EQ(emptied({{"wp_posts", 9}, {"wp_terms", 8}}, {{"wp_posts", 0}, {"wp_terms", 0}}),
            "the table wp_posts has lost its 9 rows, the table wp_terms has lost its 8 rows");
}

TEST(EmptiedTables, FewerRows_AreFine) {
  EXPECT_EQ(emptied({{"wp_posts", 100}, {"wp_terms", 9}, {"wp_shop", 1}, {"wp_comments", 0}},
                    {{"wp_posts", 50}, {"wp_terms", 1}, {"wp_shop", 1}, {"wp_comments", 0}, {"wp_new", 0}}),
            "");
}

TEST(EmptiedTables, PluginsTables_MayGoButNotBecomeEmpty) {
  EXPECT_EQ(emptied({{"wp_shop_orders", 1}}, {}), "");
  EXPECT_EQ(emptied({{"wp_shop_orders", 1}}, {{"wp_shop_orders", 0}}), "the table wp_shop_orders has lost its rows");
  // A subsite of a multisite.
  EXPECT_EQ(emptied({{"wp_2_posts", 1}}, {{"wp_2_posts", 0}}), "the table wp_2_posts has lost its rows");
}

TEST(EmptiedTables, WhatIsMadeAgain_AndWhatTheAdminNames_MayBecomeEmpty) {
  for (const char* table : {"wp_shop_cache", "wp_actionscheduler_logs", "wp_yoast_Indexable", "wp_wc_sessions"}) {
    EXPECT_EQ(emptied({{table, 1}}, {{table, 0}}), "") << table;
  }
  EXPECT_EQ(emptied({{"wp_shop_orders", 1}}, {{"wp_shop_orders", 0}}, {"wp_shop_*"}), "");
  EXPECT_EQ(emptied({{"wp_posts", 1}}, {{"wp_posts", 0}}, {"wp_posts"}), "");
  EXPECT_NE(emptied({{"wp_posts", 1}}, {{"wp_posts", 0}}, {"posts"}), "");
}

}  // namespace
}  // namespace wobackup
