// An SSH connection to a server that is known, by libssh.
#pragma once

#include <libssh/libssh.h>

#include <chrono>
#include <memory>
#include <string>

#include "backend/sftp/byte_channel.h"
#include "backend/sftp/sftp_settings.h"
#include "base/cancellation.h"

namespace wobackup {

/// Connects, compares the server's key, logs in and starts the server's SFTP program. Used from one thread at a time.
class SshSession final : public ByteChannel {
 public:
  /// Throws Error: interrupted; failed, retryable where the network is to blame. The cancellation outlives the object,
  /// or the next call of `be_quick`.
  SshSession(const SftpSettings& settings, const Cancellation& cancellation);
  ~SshSession() override;

  [[nodiscard]] std::size_t send(ByteSpan bytes) override;
  [[nodiscard]] std::size_t receive(MutableByteSpan buffer) override;

  /// From now on, it listens to another cancellation, and gives up after this time without a sign of the server.
  void be_quick(const Cancellation& cancellation, std::chrono::seconds stall);

 private:
  struct FreeSession {
    void operator()(ssh_session session) const noexcept;
  };
  struct FreeChannel {
    void operator()(ssh_channel channel) const noexcept { ssh_channel_free(channel); }
  };

  std::string shown_;
  std::unique_ptr<ssh_session_struct, FreeSession> session_;
  std::unique_ptr<ssh_channel_struct, FreeChannel> channel_;  // goes before the session
  const Cancellation* cancellation_;
  std::chrono::seconds stall_;
};

}  // namespace wobackup
