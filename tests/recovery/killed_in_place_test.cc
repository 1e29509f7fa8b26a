// Restores of files and database that are killed, while visitors write.
#include <random>

#include "recovery/killed_restore.h"

namespace wobackup {
namespace {

using test::KilledRestoreTest;
using test::Traffic;

TEST_F(KilledRestoreTest, AtAnyMoment_IsBeforeOrAfterWithOneCommand) {
  const Traffic traffic(live().server().root());
  std::mt19937 random(7);
  std::uniform_int_distribution<int> early(0, 1'500'000), late(0, 600'000);
  for (int round = 0; round < 24; ++round) {
    const bool swapping = round % 3 != 0;
    kill_in(swapping ? "swapping" : "staging", std::chrono::microseconds(swapping ? late(random) : early(random)),
            [this] { static_cast<void>(restore({.check = false})); });
    mend(round % 2 == 0);
    expect_one_of_both();
    expect_as_it_was();
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
  EXPECT_GT(traffic.written, 100);
  EXPECT_GT(aborted_, 0);
  EXPECT_GT(resumed_, 0);
}

TEST_F(KilledRestoreTest, InTheMiddleOfAnUndo_IsUndoneWithOneCommand) {
  const Traffic traffic(live().server().root());
  std::mt19937 random(8);
  std::uniform_int_distribution<int> late(0, 300'000);
  for (int round = 0; round < 6; ++round) {
    static_cast<void>(restore({.check = false}));
    kill_in("undoing", std::chrono::microseconds(late(random)), [this] { service().undo_restore("wp.example"); });
    mend(round % 2 == 0);
    expect_as_it_was();
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
  EXPECT_GT(resumed_ + aborted_, 0);
}

}  // namespace
}  // namespace wobackup
