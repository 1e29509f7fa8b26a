// Programs that run other people's code are held, and ended whole.
#include "base/subprocess.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/watched_run.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

constexpr std::pair<unsigned, unsigned> kNobody{65534, 65534};

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  command.confinement = Confinement{};
  return command;
}

class ConfinedSubprocess : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

TEST_F(ConfinedSubprocess, HasNoTerminalNoGroupsAndNoWayToGainRights) {
  Command command = shell("id -u; id -G; umask; grep NoNewPrivs /proc/self/status; test -t 0 || echo no terminal");
  command.run_as = kNobody;
  EXPECT_EQ(run_collecting(command, std::chrono::minutes(1)).out, "65534\n65534\n0077\nNoNewPrivs:\t1\nno terminal\n");
}

TEST_F(ConfinedSubprocess, LimitsHold) {
  Command command = shell("ulimit -c; ulimit -f; nice");
  command.confinement->limits = {{RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 512 * 1024}};
  command.confinement->nice = 7;
  EXPECT_EQ(run_collecting(command, std::chrono::minutes(1)).out, "0\n1024\n7\n");
}

TEST_F(ConfinedSubprocess, OwnNetwork_HasNoInterfaceThatIsUp) {
  Command command =
      shell("readlink /proc/self/ns/net; tail -n +3 /proc/self/net/dev | wc -l; cat /proc/self/net/route");
  const std::string outside = run_collecting(command, std::chrono::minutes(1)).out;
  command.confinement->own_network = true;
  const std::string inside = run_collecting(command, std::chrono::minutes(1)).out;
  EXPECT_NE(outside.substr(0, outside.find('\n')), inside.substr(0, inside.find('\n')));
  EXPECT_EQ(inside.find("\n0000"), std::string::npos) << inside;
}

// Only a child may lose its rights: runs `action` as nobody, and tells what it returned.
template <class Action>
int as_nobody(const Action& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(kNobody.second) != 0 || ::setuid(kNobody.first) != 0) ::_exit(100);
    try {
      ::_exit(action());
    } catch (...) {
      ::_exit(101);
    }
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1;
}

TEST_F(ConfinedSubprocess, OwnNetworkWithoutTheRight_IsAnErrorNotARunWithNetwork) {
  const int result = as_nobody([] {
    Command command = shell("true");
    command.confinement->own_network = true;
    try {
      const Subprocess started(command);
      return 1;
    } catch (const Error& error) {
      return error.message().starts_with("the network could not be cut off") ? 0 : 2;
    }
  });
  EXPECT_EQ(result, 0);
}

TEST_F(ConfinedSubprocess, WithoutRootsRights_ItsProcessGroupEndsWithIt) {
  const int result = as_nobody([] {
    // The sleeper holds stdout; its end is seen there, since nobody else does.
    const Watched watched = run_watched(shell("sleep 1000 & echo $!"), {});
    if (watched.end != WatchEnd::by_itself) return 1;
    const pid_t sleeper = std::stoi(watched.out);
    for (int attempt = 0; attempt < 1000; ++attempt) {
      if (::kill(sleeper, 0) != 0) return 0;
      std::ifstream status("/proc/" + std::to_string(sleeper) + "/stat");
      std::string id, name, state;
      status >> id >> name >> state;
      if (state == "Z") return 0;
      ::usleep(10'000);
    }
    return 2;
  });
  EXPECT_EQ(result, 0);
}

TEST_F(ConfinedSubprocess, WhatLeavesTheGroup_EndsWithItAllTheSame) {
  const test::ScratchFolder folder;
  const std::string file = (folder / "alive").string();
  // The daemon holds stdout open, too, which must not keep anybody waiting.
  Command command = shell("setsid sh -c 'while :; do date +%s%N > " + file + "; sleep 0.02; done' & " +
                          "while ! test -s " + file + "; do sleep 0.01; done; echo started");
  const Watched watched = run_watched(command, {});
  EXPECT_EQ(watched.end, WatchEnd::by_itself);
  EXPECT_EQ(watched.out, "started\n");
  const auto content = [&] {
    std::string text;
    std::getline(std::ifstream(file), text);
    return text;
  };
  std::ofstream(file) << "ended";
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(content(), "ended");
}

TEST_F(ConfinedSubprocess, FolderThatTheUserMayNotEnter_IsNotHandedOver) {
  const test::ScratchFolder folder;  // 0700, root's
  const UniqueFd open_folder(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Command command = shell("pwd");
  command.confinement->working_folder = open_folder.get();
  EXPECT_EQ(run_collecting(command, std::chrono::minutes(1)).out, folder.path().string() + "\n");
  command.run_as = kNobody;
  EXPECT_NE(test::refusal([&] { const Subprocess child(command); }, ErrorKind::failed), "");
}

TEST(WatchedRun, ProgramThatClosesItsStreamsAndRunsOn_IsEndedInTime) {
  Command command;
  command.argv = {"sh", "-c", "exec sleep 1000 >&- 2>&-"};
  WatchLimits limits;
  limits.timeout = std::chrono::milliseconds(300);
  const Watched watched = run_watched(command, limits);
  EXPECT_EQ(watched.end, WatchEnd::out_of_time);
  EXPECT_EQ(watched.status.signal, SIGKILL);
}

TEST(WatchedRun, TooMuchOutput_EndsTheProgramIfWanted) {
  Command command;
  command.argv = {"sh", "-c", "while :; do echo 0123456789; done"};
  WatchLimits limits;
  limits.out_bytes = 100;
  limits.end_when_full = true;
  const Watched watched = run_watched(command, limits);
  EXPECT_EQ(watched.end, WatchEnd::too_much_output);
  EXPECT_EQ(watched.out.size(), 100U);
}

TEST(WatchedRun, EnoughWasSaid_EndsTheProgram) {
  Command command;
  command.argv = {"sh", "-c", "echo answer; exec sleep 1000"};
  WatchLimits limits;
  limits.enough = [](std::string_view out) { return out.find('\n') != std::string_view::npos; };
  const Watched watched = run_watched(command, limits);
  EXPECT_EQ(watched.end, WatchEnd::enough);
  EXPECT_EQ(watched.out, "answer\n");
}

TEST(WatchedRun, Cancelled_EndsTheProgram) {
  Command command;
  command.argv = {"sleep", "1000"};
  Cancellation cancellation;
  cancellation.cancel();
  WatchLimits limits;
  limits.cancellation = &cancellation;
  EXPECT_NE(test::refusal([&] { (void)run_watched(command, limits); }, ErrorKind::interrupted), "");
}

}  // namespace
}  // namespace wobackup
