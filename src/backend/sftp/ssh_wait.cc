#include "backend/sftp/ssh_wait.h"

#include <fmt/format.h>
#include <poll.h>

#include "base/text.h"

namespace wobackup {

void SshWait::once() const {
  cancellation_.check();
  if (std::chrono::steady_clock::now() >= deadline_) {
    throw Error(ErrorKind::failed, fmt::format("no answer from {}", shown_), "is the network slow, or the server down?",
                true);
  }
  const int flags = ssh_get_poll_flags(session_);
  pollfd socket{ssh_get_fd(session_), POLLIN, 0};
  if ((flags & SSH_WRITE_PENDING) != 0) socket.events |= POLLOUT;
  // Short, so that a cancelled operation ends soon.
  ::poll(&socket, 1, 100);
}

Error ssh_failure(ssh_session session, const std::string& what, bool retryable) {
  return Error(ErrorKind::failed, fmt::format("{}: {}", what, printable(ssh_get_error(session))), "", retryable);
}

}  // namespace wobackup
