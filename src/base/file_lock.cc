#include "base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <thread>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

std::string line_in(int fd, const std::filesystem::path& path) {
  std::array<std::byte, 512> buffer{};
  const std::size_t size = pread_up_to(fd, buffer, 0, path.string());
  return std::string(trim(text_of(ByteSpan(buffer.data(), size))));
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path, const std::string& purpose, std::chrono::seconds wait,
                   const std::function<bool()>& cancelled)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  if (!fd_) throw system_error(fmt::format("cannot open the lock {}", path.string()), errno);
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw system_error(fmt::format("cannot lock {}", path.string()), errno);
    if (cancelled && cancelled()) throw Error(ErrorKind::interrupted, "interrupted while waiting for another run");
    if (std::chrono::steady_clock::now() >= deadline) {
      const std::string holder = line_in(fd_.get(), path);
      throw Error(
          ErrorKind::locked,
          fmt::format("another run holds the lock: {}", holder.empty() ? "(it has just started)" : printable(holder)),
          "wait for it to end, or let this one wait with --wait 10m", true);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string holder = fmt::format("process {}, since {}: {}\n", ::getpid(), rfc3339(now), purpose);
  if (::ftruncate(fd_.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t count = ::pwrite(fd_.get(), holder.data(), holder.size(), 0);
  }
}

std::optional<std::string> FileLock::holder_of(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return std::nullopt;
  return line_in(fd.get(), path);
}

}  // namespace wobackup
