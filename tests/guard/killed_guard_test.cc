// Guards that are killed: nothing happens by itself, and one command decides.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "guard/guarded_site.h"
#include "guard/killed_guards.h"

namespace wobackup {
namespace {

using test::says;

class KilledGuard : public test::KilledGuards<test::GuardedSite> {};

TEST_F(KilledGuard, Resume_LooksAtPagesOfNowAndNotOfACache) {
  config_.server.page_cache = folder_ / "cache";
  const auto page =
      folder_.write("cache/a/page", std::string(336, '\0') + "\nKEY: httpGETexample.com/\nHTTP/1.1 200 OK\r\n\r\n");
  kill_during_the_change("echo x > htdocs/index.php");
  ASSERT_TRUE(pending());
  EXPECT_TRUE(std::filesystem::exists(page));
  static_cast<void>(service().resume_guard("example.com"));
  EXPECT_FALSE(std::filesystem::exists(page));
}

TEST_F(KilledGuard, IsPendingAndKeepsTheNextOneOut) {
  kill_during_the_change("echo x > htdocs/index.php", {.reason = "pre-kill"});
  const auto found = pending();
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->running);
  EXPECT_EQ(found->phase, "change");
  EXPECT_EQ(found->reason, "pre-kill");
  EXPECT_EQ(found->archive, backups().at(0).archive);
  const Error error = refusal({});
  EXPECT_EQ(error.kind(), ErrorKind::locked);
  EXPECT_TRUE(says(error.hint(), "wobackup guard --abort example.com"));
  EXPECT_EQ(text("htdocs/index.php"), "x\n");  // nothing goes back by itself
  EXPECT_TRUE(service().create(the_site()).complete);
  ASSERT_EQ(service().pending_guards().size(), 1U);
}

TEST_F(KilledGuard, Abort_TakesItBack) {
  kill_during_the_change("echo x > htdocs/index.php; rm wp-config.php");
  const GuardResult result = service().abort_guard("example.com");
  EXPECT_TRUE(result.rolled_back);
  EXPECT_TRUE(is_as_before());
  EXPECT_FALSE(service().pending_guard("example.com"));
}

TEST_F(KilledGuard, Abort_WorksForASiteThatTheCatalogForgot) {
  kill_during_the_change("echo x > htdocs/index.php");
  config_.site.clear();
  EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
  EXPECT_TRUE(is_as_before());
}

TEST_F(KilledGuard, Resume_KeepsAChangeThatIsWell) {
  GuardOptions options;
  const auto check = folder_.write("check.sh", "#!/bin/sh\ntest -e htdocs/index.php\n");
  std::filesystem::permissions(check, std::filesystem::perms(0755));
  options.checks = {CommandCheck{.program = check}};
  kill_during_the_change("echo x > htdocs/new.php; mv htdocs/index.php htdocs/aside.php", options);
  try {
    static_cast<void>(service().resume_guard("example.com"));
    FAIL() << "it was kept";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification);
    EXPECT_TRUE(says(error.message(), "check.sh"));
  }
  ASSERT_TRUE(pending());
  std::filesystem::rename(site() / "htdocs/aside.php", site() / "htdocs/index.php");
  const GuardResult result = service().resume_guard("example.com");
  EXPECT_FALSE(result.rolled_back);
  EXPECT_EQ(result.checks.at(0).state, CheckState::passed);
  EXPECT_EQ(text("htdocs/new.php"), "x\n");
  EXPECT_FALSE(service().pending_guard("example.com"));
  EXPECT_FALSE(service().pending_restore("example.com"));
}

TEST_F(KilledGuard, WhatItHadStarted_WritesNoMore) {
  kill_during_the_change("(while :; do date +%s%N > htdocs/index.php; sleep 0.01; done) & sleep 0.2");
  EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
  EXPECT_TRUE(is_as_before());
  ::usleep(200'000);
  EXPECT_TRUE(is_as_before());
}

TEST_F(KilledGuard, DamagedJournal_IsToldAndNotGuessed) {
  kill_during_the_change("echo x > htdocs/index.php");
  ASSERT_TRUE(pending());
  folder_.write("state/guards/example.com.json", "{\"format\": 1, \"site\": 3}");
  EXPECT_THROW(static_cast<void>(service().abort_guard("example.com")), Error);
  const std::vector<PendingGuard> all = service().pending_guards();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(says(all[0].problem, "cannot be used"));
  EXPECT_EQ(refusal({}).kind(), ErrorKind::failed);
}

// Whatever the moment, an abort brings everything back, and a guard that came to its end is not pending.
TEST_F(KilledGuard, AtAnyMoment_AbortBringsEverythingBack) {
  const auto start = [&] {
    return in_child([&] {
      static_cast<void>(
          guard("for i in 1 2 3 4 5 6 7 8; do echo $i > htdocs/new$i.php; done; "
                "rm -r htdocs/shop; echo x > htdocs/index.php; exit 1"));
    });
  };
  const auto begin = std::chrono::steady_clock::now();
  ::waitpid(start(), nullptr, 0);
  const auto usual = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  ASSERT_TRUE(is_as_before());
  std::mt19937 random(11);
  int aborted = 0, rolling = 0;
  for (int round = 0; round < 40; ++round) {
    const pid_t child = start();
    // On a busy machine a random moment may always be too early: some are the first of a phase.
    if (round % 5 == 0) await_phase(round % 10 == 0 ? "change" : "roll-back");
    ::usleep(static_cast<useconds_t>(round % 5 == 0 ? 0 : random() % static_cast<std::uint64_t>(usual.count())));
    kill(child);
    if (const auto found = pending()) {
      ++aborted;
      rolling += found->phase == "roll-back" ? 1 : 0;
      const bool resumed = found->phase == "roll-back" && round % 2 == 0;
      const GuardResult result = resumed ? service().resume_guard("example.com") : service().abort_guard("example.com");
      // Resumed before anything was exchanged, it keeps the change: nothing here checks it.
      if (!result.rolled_back) {
        EXPECT_TRUE(resumed);
        test::run_in(site() / "htdocs", {"sh", "-c", "rm -f new*.php"});
        static_cast<void>(service().restore_in_place(the_site(), found->archive));
      }
    } else if (const auto restore = service().pending_restore("example.com"); restore && restore->interrupted) {
      ADD_FAILURE() << "a restore is left, and no guard";
    }
    ASSERT_TRUE(is_as_before()) << "round " << round;
  }
  EXPECT_GT(aborted, 0);
  EXPECT_GT(rolling, 0);
}

// And an abort that is killed, too.
TEST_F(KilledGuard, AbortIsKilledAtAnyMoment_TheNextOneEndsIt) {
  std::mt19937 random(13);
  for (int round = 0; round < 12; ++round) {
    ASSERT_EQ(::ftruncate(output_.get(), 0), 0);
    kill_during_the_change("rm -r htdocs/shop; echo x > htdocs/index.php");
    static_cast<void>(pending());
    for (int attempt = 0; attempt < 3; ++attempt) {
      const pid_t child = in_child([&] { static_cast<void>(service().abort_guard("example.com")); });
      ::usleep(static_cast<useconds_t>(random() % 100'000));
      kill(child);
    }
    const bool left = pending().has_value();
    if (left) {
      EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
    }
    ASSERT_TRUE(is_as_before()) << "round " << round;
    EXPECT_FALSE(service().pending_guard("example.com"));
  }
}

}  // namespace
}  // namespace wobackup
