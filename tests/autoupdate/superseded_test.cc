// Which backups make room for newer ones.
#include <gtest/gtest.h>

#include "autoupdate/retention.h"

namespace wobackup {
namespace {

const VerifyRecord kProven{VerifyLevel::data, true, 1, ""};

SnapshotRef backup(int day, std::optional<VerifyRecord> verified = kProven, bool complete = true) {
  SnapshotRef ref;
  ref.site = "a.example";
  ref.name = std::to_string(day);
  ref.time = std::chrono::sys_seconds(std::chrono::days(day));
  ref.complete = complete;
  ref.reason = "pre-autoupdate";
  ref.verified = verified;
  return ref;
}

std::string names(const std::vector<SnapshotRef>& backups, std::size_t keep = 2) {
  std::string text;
  for (const SnapshotRef& ref : superseded(backups, "pre-autoupdate", keep)) text += ref.name + " ";
  return text;
}

TEST(Superseded, NewestVerifiedOnes_StayAndOlderOnesGo) {
  EXPECT_EQ(names({backup(4), backup(3), backup(2), backup(1)}), "2 1 ");
  EXPECT_EQ(names({backup(2), backup(1)}), "");
}

TEST(Superseded, Order_IsThatOfTheNamesNotOfTheList) { EXPECT_EQ(names({backup(1), backup(3), backup(2)}), "1 "); }

TEST(Superseded, OtherReasons_AreNeverTouchedAndDoNotCount) {
  SnapshotRef manual = backup(9), update = backup(0);
  manual.reason = "manual";
  update.reason = "pre-autoupdate-of-mine";
  EXPECT_EQ(names({manual, backup(3), backup(2), update}), "");
}

TEST(Superseded, WhatIsNotProven_KeepsNoOlderOneFromBeingNeeded) {
  for (const auto& record :
       {std::optional<VerifyRecord>(), std::optional(VerifyRecord{VerifyLevel::data, false, 1, ""}),
        std::optional(VerifyRecord{VerifyLevel::quick, true, 1, ""}),
        std::optional(VerifyRecord{VerifyLevel::data, true, 0.1, ""})}) {
    EXPECT_EQ(names({backup(5, record), backup(4, record), backup(3), backup(2)}), "");
    EXPECT_EQ(names({backup(5, record), backup(4), backup(3), backup(2)}), "2 ");
    EXPECT_EQ(names({backup(5), backup(4), backup(3, record), backup(2)}), "3 2 ");
  }
  SnapshotRef broken = backup(5);
  broken.problem = "is cut off";
  EXPECT_EQ(names({broken, backup(4), backup(3)}), "");
}

TEST(Superseded, IncompleteOnes_CountAmongThemselvesOnly) {
  const auto incomplete = [](int day) { return backup(day, kProven, false); };
  EXPECT_EQ(names({incomplete(5), incomplete(4), backup(3), backup(2)}), "");
  EXPECT_EQ(names({incomplete(6), incomplete(5), incomplete(4), backup(3), backup(2), backup(1)}), "4 1 ");
  EXPECT_EQ(names({backup(5), backup(4), incomplete(3)}), "3 ");
}

}  // namespace
}  // namespace wobackup
