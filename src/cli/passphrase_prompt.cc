#include "cli/passphrase_prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/bytes.h"
#include "base/file_io.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wobackup/error.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kLongest = 4096;
constexpr int kLookEveryMs = 200;

// The terminal does not show what is typed while this lives.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ICANON | ECHONL;
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (changed_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  [[nodiscard]] bool changed() const { return changed_; }

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

Secret ask_passphrase(const std::string& question, const std::function<bool()>& interrupted) {
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) throw Error(ErrorKind::wrong_key, "there is no terminal to ask for the passphrase");
  const NoEcho quiet(terminal.get());
  if (!quiet.changed()) throw Error(ErrorKind::wrong_key, "the terminal would show the passphrase");
  write_all(terminal.get(), bytes_of(printable(question) + ": "), "the terminal");
  Secret answer(kLongest);
  std::size_t size = 0;
  // A terminal gives a line at a time.
  while (size < kLongest && (size == 0 || answer.text()[size - 1] != '\n')) {
    pollfd waiting{terminal.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kLookEveryMs);
    if (interrupted()) throw Error(ErrorKind::interrupted, "interrupted");
    if (ready <= 0) continue;
    const ssize_t count = ::read(terminal.get(), answer.bytes().data() + size, kLongest - size);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > 0 && answer.text()[size - 1] == '\n') --size;
  answer.shorten(size);
  if (answer.empty()) throw Error(ErrorKind::wrong_key, "no passphrase was given");
  return answer;
}

}  // namespace wobackup::cli
