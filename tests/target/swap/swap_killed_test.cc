// A process that is killed at any moment leaves what one call brings to its end, or back.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <sstream>

#include "fakes/scratch_folder.h"
#include "target/swap/swap.h"
#include "target/swap/swap_fixture.h"

namespace wobackup {
namespace {

using test::Contents;
using test::differences;
using test::SwapTest;
using Clock = std::chrono::steady_clock;

class SwapKilledTest : public SwapTest {
 protected:
  void SetUp() override {
    SwapTest::SetUp();
    fill_live();
    fill_shadow();
    remember();
  }

  void remember() {
    old_ = contents(kLive, true);
    new_ = contents(kShadow, true);
    old_anybodys_ = contents(kLive);
  }

  // Runs in a process of its own, killed after this time at the latest. Whether it came to its end.
  template <class Work>
  bool in_child(std::chrono::microseconds life, const Work& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        work();
        ::_exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
    }
    const auto begin = Clock::now();
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
      if (Clock::now() - begin >= life) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        break;
      }
      ::usleep(200);
    }
    EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    return WIFEXITED(status);
  }

  bool swap_in_child(std::chrono::microseconds life) {
    ::unlink(journal().c_str());
    SwapRequest wanted = request();
    wanted.persist = [this](const Json& saved) {
      const std::string part = journal() + ".part";
      std::ofstream(part) << saved.dump();
      std::filesystem::rename(part, journal());
    };
    return in_child(life, [&] { static_cast<void>(swap(wanted, never_)); });
  }

  // False if the swap had not come so far that anything was saved.
  bool read_journal() {
    std::ifstream file(journal());
    if (!file) return false;
    saved_ = Json::parse(file);
    return true;
  }

  void expect_before() {
    EXPECT_EQ(differences(contents(kLive, true), old_), "");
    EXPECT_EQ(differences(contents(kShadow, true), new_), "");
    EXPECT_EQ(differences(contents(kSafety), {}), "");
  }

  void expect_after() {
    EXPECT_EQ(differences(contents(kLive, true), new_), "");
    EXPECT_EQ(differences(contents(kShadow), {}), "");
    EXPECT_EQ(differences(contents(kSafety), old_anybodys_), "");
  }

  void settle(bool forward) {
    if (forward) {
      finish_swap(server().root(), saved_, request().patience, never_);
      EXPECT_EQ(name_of(state()), "done");
    } else {
      take_back_swap(server().root(), saved_, request().patience, never_);
      EXPECT_EQ(name_of(state()), "not_begun");
    }
  }

  std::string journal() const { return (folder_ / "journal").string(); }

  test::ScratchFolder folder_;
  Contents old_, new_, old_anybodys_;
};

TEST_F(SwapKilledTest, KilledAtAnyInstant_IsFinishedOrTakenBackWhole) {
  const auto begin = Clock::now();
  ASSERT_TRUE(swap_in_child(std::chrono::minutes(1)));
  const auto usual = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
  ASSERT_TRUE(read_journal());
  settle(false);
  expect_before();
  std::mt19937 random(20240607);
  const auto some = [&](std::chrono::microseconds most) {
    return std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(0, most.count())(random));
  };
  std::map<std::string_view, int> met;
  // On a busy machine the first run may take far longer than the others, and most kills would come too late.
  for (int round = 0; (round < 20 || (met.size() <= 2 && round < 60)) && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    swap_in_child(some(round < 20 ? usual : usual / (2 << round % 6)));
    if (!read_journal()) {
      expect_before();
      continue;
    }
    ++met[name_of(state())];
    // The one that mends may be killed, too.
    for (int again = static_cast<int>(random() % 3); again > 0; --again) {
      const bool forward = random() % 2 == 0;
      in_child(some(usual), [&] {
        const auto bring = forward ? finish_swap : take_back_swap;
        static_cast<void>(bring(server().root(), saved_, request().patience, never_));
      });
    }
    if (random() % 2 == 0) {
      settle(true);
      expect_after();
    }
    settle(false);
    expect_before();
  }
  for (const auto& [state, times] : met) RecordProperty(std::string(state), times);
  // Which states a kill meets is the machine's choice; the one before the swap and one after it are the least.
  EXPECT_GE(met.size(), 2U);
  EXPECT_EQ(met.count("torn"), 0U);
}

TEST_F(SwapKilledTest, KilledWhileItWaits_IsNotOvertakenByItsOwnStatement) {
  DatabaseConnection visitor = connect(kLive);
  visitor.execute("BEGIN");
  visitor.execute("SELECT * FROM only_old");
  EXPECT_FALSE(swap_in_child(std::chrono::milliseconds(800)));
  ASSERT_TRUE(read_journal());
  visitor.execute("COMMIT");
  settle(false);
  ::usleep(1'500'000);
  expect_before();
}

// As a killed server leaves it: the name is taken by a file, and no table has the trigger.
TEST_F(SwapKilledTest, OrphanedTrigger_IsMadeAgain) {
  ASSERT_TRUE(swap_in_child(std::chrono::minutes(1)));
  ASSERT_TRUE(read_journal());
  const std::filesystem::path folder = connect(kLive).rows("SELECT @@datadir").at(0).at(0).value() + kShadow;
  std::ofstream(folder / "only_new.TRN") << "TYPE=TRIGGERNAME\ntrigger_table=child\n";
  settle(false);
  expect_before();
}

// A table of several files (partitions, MyISAM, Aria) is renamed one file after the other, and the server's recovery
// leaves it in two halves: that is not ours to mend, and not shown here.
TEST_F(SwapKilledTest, KilledServer_LeavesNoMixture) {
  for (const std::string schema : {kLive, kShadow}) {
    run(schema, "DROP TABLE parts; ALTER TABLE audit ENGINE=InnoDB; ALTER TABLE plain_aria ENGINE=InnoDB");
  }
  remember();
  std::mt19937 random(7);
  for (int round = 0; round < 6 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    run("", "FLUSH TABLES");
    ::unlink(journal().c_str());
    const pid_t child = ::fork();
    if (child == 0) {
      SwapRequest wanted = request();
      wanted.persist = [this](const Json& saved) { std::ofstream(journal()) << saved.dump(); };
      try {
        static_cast<void>(swap(wanted, never_));
      } catch (const std::exception&) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    ::usleep(50'000 + static_cast<useconds_t>(random() % 300'000));
    ::kill(child, SIGKILL);
    std::string broken;
    try {
      server().kill_and_restart();
    } catch (const std::runtime_error& error) {
      broken = error.what();
    }
    ::waitpid(child, nullptr, 0);
    if (broken.find("Data structure corruption") != std::string::npos) {
      GTEST_SKIP() << "InnoDB did not survive that it was killed; the server's matter";
    }
    ASSERT_EQ(broken, "");
    if (!read_journal()) continue;
    const bool forward = random() % 2 == 0;
    settle(forward);
    forward ? expect_after() : expect_before();
    settle(false);
    expect_before();
  }
}

}  // namespace
}  // namespace wobackup
