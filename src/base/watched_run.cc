#include "base/watched_run.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/system_error.h"
#include "base/unique_fd.h"

namespace wobackup {
namespace {

constexpr std::chrono::milliseconds kCancellationAskedEvery{200};

// One of the program's streams.
struct Stream {
  int fd;
  std::string& text;
  std::size_t limit;
  bool cut = false;

  // False at the end of the stream.
  bool read_some() {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (count <= 0) return false;
    const std::size_t room = limit - std::min(limit, text.size());
    cut = cut || static_cast<std::size_t>(count) > room;
    text.append(buffer.data(), std::min(static_cast<std::size_t>(count), room));
    return true;
  }
};

class Watch {
 public:
  Watch(Subprocess& child, const WatchLimits& limits, bool ends_with_leader, Watched& result)
      : limits_(limits),
        ends_with_leader_(ends_with_leader),
        result_(result),
        streams_{{{child.out_fd(), result.out, limits.out_bytes}, {child.err_fd(), result.err, limits.err_bytes}}},
        // A program may close its streams and run on, so its end is watched too.
        leader_(static_cast<int>(::syscall(SYS_pidfd_open, child.pid(), 0))),
        waits_{{{streams_[0].fd, POLLIN, 0}, {streams_[1].fd, POLLIN, 0}, {leader_.get(), POLLIN, 0}}} {}

  WatchEnd run() {
    while (!finished()) {
      if (limits_.cancellation != nullptr) limits_.cancellation->check();
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return WatchEnd::out_of_time;
      const int ready = ::poll(waits_.data(), waits_.size(), wait_ms(left));
      if (ready < 0 && errno != EINTR) throw system_error("cannot wait for a program", errno);
      if (ready == 0 && drains()) break;
      if (ready <= 0) continue;
      read_streams();
      if (limits_.enough && limits_.enough(result_.out)) return WatchEnd::enough;
      if (limits_.end_when_full && streams_[0].cut) return WatchEnd::too_much_output;
    }
    return WatchEnd::by_itself;
  }

 private:
  [[nodiscard]] bool leader_runs() const noexcept { return waits_[2].fd >= 0; }
  [[nodiscard]] bool finished() const noexcept { return waits_[0].fd < 0 && waits_[1].fd < 0 && !leader_runs(); }
  // The program has ended, and what may still hold its streams ends with it: only what is in the pipes is wanted.
  [[nodiscard]] bool drains() const noexcept { return ends_with_leader_ && leader_ && !leader_runs(); }

  [[nodiscard]] int wait_ms(std::chrono::milliseconds left) const {
    if (drains()) return 0;
    return static_cast<int>((limits_.cancellation != nullptr ? std::min(left, kCancellationAskedEvery) : left).count());
  }

  void read_streams() {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (waits_[i].fd >= 0 && waits_[i].revents != 0 && !streams_[i].read_some()) waits_[i].fd = -1;
    }
    if (waits_[2].fd >= 0 && waits_[2].revents != 0) waits_[2].fd = -1;
  }

  const WatchLimits& limits_;
  bool ends_with_leader_;
  Watched& result_;
  std::array<Stream, 2> streams_;
  UniqueFd leader_;
  std::array<pollfd, 3> waits_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + limits_.timeout;
};

}  // namespace

Watched run_watched(const Command& command, const WatchLimits& limits) {
  Watched result;
  Subprocess child(command);
  result.end = Watch(child, limits, command.confinement.has_value(), result).run();
  if (result.end != WatchEnd::by_itself) child.kill(SIGKILL);
  result.status = child.wait();
  return result;
}

}  // namespace wobackup
