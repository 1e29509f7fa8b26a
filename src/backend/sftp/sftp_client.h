// The requests of SFTP, many of them under way at once.
//
// libssh has an SFTP client of its own. In the version of Debian 12 it waits for the answer to each write before it
// sends the next, miscounts short answers to its asynchronous reads, and waits without a limit; so it carries the bytes
// here, and the protocol, which is small, is ours.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/sftp/byte_channel.h"
#include "backend/sftp/sftp_packet.h"
#include "wobackup/error.h"

namespace wobackup {

/// What a server says to a request that has no other answer.
struct SftpResult {
  SftpStatus status = SftpStatus::ok;
  std::string message;
  [[nodiscard]] bool ok() const noexcept { return status == SftpStatus::ok; }
};

/// A refusal as an Error: not_found, or failed with a hint. `purpose`: "cannot open /x".
[[nodiscard]] Error sftp_failure(const std::string& purpose, const SftpResult& result);

/// One conversation. Used from one thread at a time. Errors of the channel and of the protocol (verification) pass
/// through; after those it is not `connected`, unless the operation was interrupted: then it can still clean up.
class SftpClient {
 public:
  /// Says hello. The channel outlives the object.
  explicit SftpClient(ByteChannel& channel);

  /// Nothing if there is no such file. A link is not followed.
  [[nodiscard]] std::optional<SftpAttributes> lstat(const std::string& path);

  using Handle = std::string;
  /// Nothing if there is no such file, or with kSftpCreate no such folder.
  [[nodiscard]] std::optional<Handle> open(const std::string& path, std::uint32_t flags);
  [[nodiscard]] SftpAttributes fstat(const Handle& handle, const std::string& path);
  [[nodiscard]] SftpResult close(const Handle& handle);
  /// The same without waiting for the answer.
  void close_soon(const Handle& handle);

  /// Fills the buffer from the offset. Throws verification if the file ends before.
  void read(const Handle& handle, std::uint64_t offset, MutableByteSpan buffer, const std::string& path);

  /// The largest write, and the bytes that may be under way.
  [[nodiscard]] std::size_t write_bytes() const noexcept { return write_bytes_; }
  /// Sends; `finish` has the result. The bytes are not kept.
  [[nodiscard]] std::uint32_t start_write(const Handle& handle, std::uint64_t offset, ByteSpan bytes);
  [[nodiscard]] SftpResult finish(std::uint32_t id);

  /// Nothing if there is no such folder.
  [[nodiscard]] std::optional<std::vector<SftpName>> list(const std::string& folder);

  /// Fails if `to` exists, as the protocol has it; but some servers replace it.
  [[nodiscard]] SftpResult rename(const std::string& from, const std::string& to);
  /// Replaces `to`. REQUIRES: has_posix_rename().
  [[nodiscard]] SftpResult posix_rename(const std::string& from, const std::string& to);
  [[nodiscard]] SftpResult remove(const std::string& path);
  [[nodiscard]] SftpResult make_folder(const std::string& path);
  /// The file's bytes are on the server's disk. REQUIRES: has_fsync().
  [[nodiscard]] SftpResult fsync(const Handle& handle);
  /// Free bytes for this user; nothing if the server does not tell.
  [[nodiscard]] std::optional<std::uint64_t> free_bytes(const std::string& path);

  [[nodiscard]] bool has_posix_rename() const { return has("posix-rename@openssh.com", "1"); }
  [[nodiscard]] bool has_fsync() const { return has("fsync@openssh.com", "1"); }

  /// Bytes pass both ways, as far as is known.
  [[nodiscard]] bool connected() const noexcept { return !broken_; }
  /// The same, and no answer is still to come that somebody has stopped waiting for.
  [[nodiscard]] bool usable() const noexcept { return !broken_ && waited_for_.empty() && arrived_.empty(); }

 private:
  struct Reply {
    SftpType type = SftpType::status;
    ByteVector body;  // after the id
  };

  void say_hello();
  void ask_limits();
  [[nodiscard]] bool has(const std::string& extension, const std::string& version) const;
  [[nodiscard]] SftpPacket begin(SftpType type);
  std::uint32_t send(SftpPacket&& packet);
  std::uint32_t ask(SftpType type, std::string_view text);
  [[nodiscard]] Reply wait(std::uint32_t id);
  void take_reply();
  void send_waiting();
  [[nodiscard]] ByteVector receive_packet();
  void receive_until(std::size_t size);

  ByteChannel& channel_;
  std::map<std::string, std::string> extensions_;
  std::uint32_t last_id_ = 0;
  std::size_t read_bytes_;
  std::size_t write_bytes_;
  std::set<std::uint32_t> waited_for_;  // sent, not answered
  std::set<std::uint32_t> ignored_;     // the same, but nobody wants the answer
  std::map<std::uint32_t, Reply> arrived_;
  ByteVector outgoing_;  // what the channel has not taken yet
  ByteVector incoming_;  // the beginning of a packet, its length in front
  bool broken_ = false;
};

}  // namespace wobackup
