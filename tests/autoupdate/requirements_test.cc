// What updates need decides whether they are made.
#include "autoupdate/requirements.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

PendingUpdates pending() {
  PendingUpdates updates;
  updates.core = Update{"WordPress", "6.4.2", "6.5"};
  updates.plugins = {{"shop", "1.0", "2.0"}, {"mail", "1.0", "1.1"}};
  updates.themes = {{"plain", "1.0", "1.1"}};
  return updates;
}

TEST(Requirements, OlderPhp_HoldsBackThatUpdateOnly) {
  PendingUpdates updates = pending();
  hold_back(updates, {{"plugin", "shop", "9.1", ""}, {"theme", "mail", "9.1", ""}, {"core", "6.6", "9.1", ""}});
  EXPECT_TRUE(updates.core);
  ASSERT_EQ(updates.plugins.size(), 1U);
  EXPECT_EQ(updates.plugins[0].name, "mail");
  EXPECT_EQ(updates.themes.size(), 1U);
  ASSERT_EQ(updates.held_back.size(), 1U);
  EXPECT_EQ(updates.held_back[0].kind, "plugin");
  EXPECT_EQ(updates.held_back[0].update.to, "2.0");
  EXPECT_EQ(updates.held_back[0].why, "it needs PHP 9.1");
}

TEST(Requirements, OlderWordPress_IsNoneIfTheCoreIsUpdatedFirst) {
  PendingUpdates updates = pending();
  hold_back(updates, {{"plugin", "shop", "", "6.5"}, {"theme", "plain", "", "6.6"}});
  EXPECT_EQ(updates.plugins.size(), 2U);
  EXPECT_TRUE(updates.themes.empty());
  EXPECT_EQ(updates.held_back.at(0).why, "it needs WordPress 6.6");
}

TEST(Requirements, CoreThatCannotCome_TakesWhatNeedsItAlong) {
  PendingUpdates updates = pending();
  hold_back(updates, {{"core", "6.5", "9.1", ""}, {"plugin", "shop", "", "6.5"}});
  EXPECT_FALSE(updates.core);
  EXPECT_EQ(updates.plugins.size(), 1U);
  ASSERT_EQ(updates.held_back.size(), 2U);
  EXPECT_EQ(updates.held_back[0].update.name, "WordPress");
  EXPECT_EQ(updates.held_back[1].why, "it needs WordPress 6.5");
}

}  // namespace
}  // namespace wobackup
