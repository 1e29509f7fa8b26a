// Programs of somebody's choosing: their streams are theirs, and nothing of them survives what it must not.
#include "base/attended_run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <pty.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/file_io.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

const UserIdentity kNobody{65534, 65534, {}};

// What a program that writes the time into a file all the while has written, once it has begun.
class Ticking {
 public:
  explicit Ticking(const test::ScratchFolder& folder) : file_((folder / "ticks").string()) {
    std::ofstream made(file_);
    EXPECT_EQ(::chmod(folder.path().c_str(), 0755), 0);
    EXPECT_EQ(::chmod(file_.c_str(), 0666), 0);
  }
  // In a session of its own, with no stream, ignoring what asks it to end; as long as the file exists.
  [[nodiscard]] std::string daemon() const {
    return "setsid sh -c 'trap \"\" TERM HUP INT; while test -e " + file_ + "; do date +%s%N > " + file_ +
           "; sleep 0.02; done' </dev/null >/dev/null 2>&1 & while ! test -s " + file_ + "; do sleep 0.01; done; ";
  }
  [[nodiscard]] bool begun() const { return std::filesystem::file_size(file_) > 0; }
  [[nodiscard]] bool ticks() const {
    std::ofstream(file_) << "ended";
    for (int attempt = 0; attempt < 40; ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      std::string text;
      std::getline(std::ifstream(file_), text);
      if (text != "ended" && !text.empty()) return true;
    }
    return false;
  }

 private:
  std::string file_;
};

class AttendedRun : public testing::Test {
 protected:
  AttendedRun() { command_.out = command_.err = out_.get(); }

  Attended run(const std::string& script, const Attendance& attendance = {}) {
    command_.argv = {"sh", "-c", script};
    return run_attended(command_, attendance);
  }
  std::string output() const {
    std::string text(65536, '\0');
    const ssize_t size = ::pread(out_.get(), text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, size)));
    return text;
  }
  static bool is_root() { return ::geteuid() == 0; }

  test::ScratchFolder folder_;
  UniqueFd out_{::open((folder_ / "out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  AttendedCommand command_;
};

TEST_F(AttendedRun, StreamsEnvironmentFolderAndUmask_AreAsGiven) {
  folder_.write("in", "from stdin\n");
  const UniqueFd in(::open((folder_ / "in").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd folder(::open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC));
  command_.in = in.get();
  command_.working_folder = folder.get();
  command_.environment = {{"PATH", "/usr/bin:/bin"}, {"LANG", "C.UTF-8"}, {"A", "b c"}};
  const Attended ended = run("cat; pwd; umask; echo to stderr >&2; env | grep -v '^PWD=\\|^_=\\|^SHLVL=' | sort");
  EXPECT_TRUE(ended.status.success());
  EXPECT_EQ(output(), "from stdin\n/usr\n0022\nto stderr\nA=b c\nLANG=C.UTF-8\nPATH=/usr/bin:/bin\n");
}

TEST_F(AttendedRun, StreamsMayBeEachOther) {
  const UniqueFd saved(::fcntl(1, F_DUPFD_CLOEXEC, 10));
  command_.out = 2;
  command_.err = out_.get();
  command_.in = -1;
  EXPECT_TRUE(run("cat; echo mine >&2").status.success());
  EXPECT_EQ(output(), "mine\n");
}

TEST_F(AttendedRun, HowItEnded_IsTold) {
  EXPECT_EQ(run("exit 7").status.code, 7);
  EXPECT_EQ(run("kill -9 $$").status.signal, SIGKILL);
  EXPECT_EQ(run("kill -TERM $$").status.signal, SIGTERM);
}

TEST_F(AttendedRun, MissingProgramAndClosedFolder_AreErrors) {
  command_.argv = {"no-such-program-anywhere"};
  EXPECT_NE(test::refusal([&] { (void)run_attended(command_, {}); }, ErrorKind::not_found), "");
  folder_.write("no-program", "text");
  command_.argv = {(folder_ / "no-program").string()};
  EXPECT_NE(test::refusal([&] { (void)run_attended(command_, {}); }, ErrorKind::not_found), "");
  if (!is_root()) return;
  const UniqueFd closed(::open(folder_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  command_.argv = {"true"};
  command_.working_folder = closed.get();
  command_.run_as = kNobody;
  EXPECT_NE(test::refusal([&] { (void)run_attended(command_, {}); }, ErrorKind::failed), "");
}

TEST_F(AttendedRun, OtherIdentity_HasItsGroupsAndNothingElse) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  command_.run_as = UserIdentity{65534, 65534, {65534, 100}};
  const UniqueFd secret(::open("/etc/shadow", O_RDONLY));  // not close-on-exec, as a program that uses us may do it
  EXPECT_TRUE(run("id -u; id -G; ls /proc/self/fd | wc -l").status.success());
  EXPECT_EQ(output(), "65534\n65534 100\n4\n");  // 0, 1, 2 and that of ls itself
}

TEST_F(AttendedRun, TerminalIsNotItsOwn) {
  int controller = -1, terminal = -1;
  ASSERT_EQ(::openpty(&controller, &terminal, nullptr, nullptr, nullptr), 0);
  command_.in = terminal;
  // Pushing characters into root's terminal takes a controlling one.
  EXPECT_TRUE(run("test -t 0 && ! sh -c ': < /dev/tty' 2>/dev/null").status.success());
  EXPECT_TRUE(run("stty raw -echo <&0").status.success());
  ::close(controller);
  ::close(terminal);
}

TEST_F(AttendedRun, OutOfTime_EndsAllThatItStarted) {
  for (const bool as_other : {false, true}) {
    if (as_other && !is_root()) continue;
    const test::ScratchFolder folder;
    const Ticking ticking(folder);
    if (as_other) command_.run_as = kNobody;
    Attendance attendance;
    attendance.timeout = std::chrono::seconds(2);
    attendance.grace = std::chrono::milliseconds(100);
    const Attended ended = run("trap '' TERM; " + ticking.daemon() + "while :; do sleep 1; done", attendance);
    EXPECT_TRUE(ended.timed_out);
    EXPECT_EQ(ended.status.signal, SIGKILL);
    EXPECT_FALSE(ticking.ticks());
  }
}

TEST_F(AttendedRun, Cancelled_ItMayTidyUp) {
  Attendance attendance;
  attendance.cancelled = [&] { return output().find("begun") != std::string::npos; };
  const Attended ended = run("trap 'echo tidy; exit 3' TERM; echo begun; while :; do sleep 0.05; done", attendance);
  EXPECT_TRUE(ended.cancelled);
  EXPECT_FALSE(ended.timed_out);
  EXPECT_EQ(ended.status.code, 3);
  EXPECT_NE(output().find("tidy\n"), std::string::npos) << output();
}

TEST_F(AttendedRun, OtherIdentity_LeavesNothingRunning) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  const Ticking ticking(folder_);
  command_.run_as = kNobody;
  EXPECT_EQ(run(ticking.daemon() + "exit 0").status.code, 0);
  EXPECT_FALSE(ticking.ticks());
}

TEST_F(AttendedRun, OtherIdentityWithoutANamespace_LeavesNothingRunningEither) {
  if (!is_root()) GTEST_SKIP() << "needs root";
  const Ticking ticking(folder_);
  command_.run_as = kNobody;
  const pid_t child = ::fork();
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    ::syscall(SYS_capget, &header, data);
    for (std::uint32_t* set : {&data[0].effective, &data[0].permitted}) *set &= ~(1U << CAP_SYS_ADMIN);
    if (::syscall(SYS_capset, &header, data) != 0) ::_exit(99);
    ::_exit(run(ticking.daemon() + "readlink /proc/$$/ns/pid; exit 5").status.code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 5);
  EXPECT_EQ(output(), std::filesystem::read_symlink("/proc/self/ns/pid").string() + "\n");  // that it had none
  EXPECT_FALSE(ticking.ticks());
}

TEST_F(AttendedRun, SameIdentity_LeavesDaemonsButNotItsGroup) {
  const Ticking ticking(folder_);
  const std::string file = (folder_ / "pid").string();
  EXPECT_EQ(run("sleep 1000 & echo $! > " + file + "; " + ticking.daemon()).status.code, 0);
  EXPECT_TRUE(ticking.ticks());
  EXPECT_EQ(::kill(std::stoi(read_small_file(file, 100)), 0), -1);
}

TEST_F(AttendedRun, ThisProcessKilled_EverythingEndsAndOnlyThenTheLock) {
  for (const bool as_other : {false, true}) {
    if (as_other && !is_root()) continue;
    const test::ScratchFolder folder;
    const Ticking ticking(folder);
    const std::string lock_file = (folder / "lock").string();
    const pid_t child = ::fork();
    if (child == 0) {
      const UniqueFd lock(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
      ::flock(lock.get(), LOCK_EX);
      command_.held = {lock.get()};
      if (as_other) command_.run_as = kNobody;
      run(ticking.daemon() + "while :; do sleep 1; done");
      ::_exit(0);
    }
    while (!ticking.begun()) ::usleep(1000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const UniqueFd lock(::open(lock_file.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
    EXPECT_FALSE(ticking.ticks());
  }
}

}  // namespace
}  // namespace wobackup
