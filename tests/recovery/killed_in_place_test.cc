// Restores of files and database that are killed, while visitors write.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "database/connection.h"
#include "fakes/plain_tools.h"
#include "recovery/live_wordpress.h"

namespace wobackup {
namespace {

using test::LiveWordPressTest;

// Visitors: small transactions all the time, also into a table that is exchanged with the others.
class Traffic {
 public:
  explicit Traffic(const ServerLogin& login)
      : thread_([login, this](const std::stop_token& stop) {
          const Cancellation never;
          DatabaseConnection connection(login, "wp", never);
          while (!stop.stop_requested()) {
            if (!connection.error_of("INSERT INTO traffic VALUES ()")) ++written;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        }) {}
  std::atomic<int> written{0};

 private:
  std::jthread thread_;
};

class KilledRestoreTest : public LiveWordPressTest {
 protected:
  using Action = std::function<void()>;

  void run_and_kill(const Action& action, const std::function<void(pid_t)>& wait) const {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        action();
        ::_exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
      }
      ::_exit(1);
    }
    wait(child);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
  }
  // In a process of its own, which is killed a moment after the journal says that it has come this far.
  void kill_in(const char* phase, std::chrono::microseconds later, const Action& action) const {
    const std::filesystem::path journal = config_.state_dir / "restores/wp.example.json";
    run_and_kill(action, [&](pid_t child) {
      const std::string wanted = std::string("\"phase\": \"") + phase;
      siginfo_t info{};
      do {
        info = {};
        if (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
          return;
      } while (!std::filesystem::exists(journal) || test::text_of_file(journal).find(wanted) == std::string::npos);
      std::this_thread::sleep_for(later);
    });
  }
  // The one command that a user gives then.
  void mend(bool forward) {
    const auto pending = service().pending_restore("wp.example");
    if (!pending || !pending->interrupted) return;
    if (pending->swapping && forward) {
      service().resume_restore("wp.example");
      ++resumed_;
    } else {
      service().abort_restore("wp.example");
      ++aborted_;
    }
  }
  // As before or as in the backup: files and database alike.
  void expect_one_of_both() {
    const bool then = files() == files_then_;
    ASSERT_TRUE(then || files() == files_now_) << "files are a mixture";
    ASSERT_EQ(differences_from(then ? database_then_ : database_now_), "");
  }
  void expect_as_it_was() {
    const auto pending = service().pending_restore("wp.example");
    if (pending && !pending->undone) service().undo_restore("wp.example");
    if (pending) static_cast<void>(service().finish_restore(the_site(), true));
    ASSERT_EQ(files(), files_now_);
    ASSERT_EQ(differences_from(database_now_), "");
    ASSERT_EQ(leftovers(), "");
  }

  int aborted_ = 0, resumed_ = 0;
};

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
