// Restores of files and database that are killed, while visitors write.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "database/connection.h"
#include "fakes/plain_tools.h"
#include "recovery/live_wordpress.h"

namespace wobackup::test {

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
  void kill_in(const std::string& phase, std::chrono::microseconds later, const Action& action) const {
    kill_when("\"phase\": \"" + phase, later, action);
  }
  // In a process of its own, which is killed a moment after the journal says that it has come this far.
  void kill_when(const std::string& wanted, std::chrono::microseconds later, const Action& action) const {
    const std::filesystem::path journal = config_.state_dir / "restores/wp.example.json";
    run_and_kill(action, [&](pid_t child) {
      siginfo_t info{};
      do {
        info = {};
        if (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
          return;
      } while (!std::filesystem::exists(journal) || text_of_file(journal).find(wanted) == std::string::npos);
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

}  // namespace wobackup::test
