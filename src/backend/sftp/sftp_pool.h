// Connections that are kept for the next request.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backend/sftp/sftp_client.h"
#include "backend/sftp/sftp_settings.h"
#include "backend/sftp/ssh_session.h"
#include "base/cancellation.h"

namespace wobackup {

/// A connection with its number, which no other one ever has.
struct SftpConnection {
  SftpConnection(const SftpSettings& settings, const Cancellation& cancellation, std::uint64_t connection_number)
      : session(settings, cancellation), client(session), number(connection_number) {}
  SshSession session;
  SftpClient client;
  std::uint64_t number;
};

class SftpPool;

/// A connection for one thread, for a while. Goes back to the pool, unless it is broken.
class SftpLease {
 public:
  SftpLease() = default;
  SftpLease(SftpPool& pool, std::unique_ptr<SftpConnection> connection, bool counted)
      : pool_(&pool), connection_(std::move(connection)), counted_(counted) {}
  SftpLease(SftpLease&& other) noexcept
      : pool_(other.pool_), connection_(std::move(other.connection_)), counted_(std::exchange(other.counted_, false)) {}
  SftpLease& operator=(SftpLease&& other) noexcept {
    if (this != &other) {
      give_back();
      pool_ = other.pool_;
      connection_ = std::move(other.connection_);
      counted_ = std::exchange(other.counted_, false);
    }
    return *this;
  }
  SftpLease(const SftpLease&) = delete;
  SftpLease& operator=(const SftpLease&) = delete;
  ~SftpLease() { give_back(); }

  [[nodiscard]] explicit operator bool() const noexcept { return connection_ != nullptr; }
  [[nodiscard]] SftpClient& client() const noexcept { return connection_->client; }
  [[nodiscard]] SftpConnection& connection() const noexcept { return *connection_; }
  void fill(std::unique_ptr<SftpConnection> connection) noexcept { connection_ = std::move(connection); }
  void give_back() noexcept;

 private:
  SftpPool* pool_ = nullptr;
  std::unique_ptr<SftpConnection> connection_;
  bool counted_ = false;  // of those that the settings limit
};

/// May be used from several threads at once. Outlives its leases.
class SftpPool {
 public:
  SftpPool(SftpSettings settings, const Cancellation& cancellation);

  /// For one request: an idle connection or a new one; waits while as many as the settings allow are in use. Throws
  /// Error.
  [[nodiscard]] SftpLease take();
  /// For an upload, however many others there are.
  [[nodiscard]] SftpLease take_for_upload();
  /// Closes a file on its connection when that is used next.
  void close_later(std::uint64_t connection, std::string handle);

  [[nodiscard]] const SftpSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] const Cancellation& cancellation() const noexcept { return cancellation_; }

 private:
  friend class SftpLease;
  [[nodiscard]] std::unique_ptr<SftpConnection> idle_connection();
  void close_files(SftpConnection& connection);
  void give_back(std::unique_ptr<SftpConnection> connection, bool counted) noexcept;

  SftpSettings settings_;
  const Cancellation& cancellation_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<SftpConnection>> idle_;
  std::map<std::uint64_t, std::vector<std::string>> to_close_;
  std::uint64_t last_number_ = 0;
  unsigned in_use_ = 0;
};

}  // namespace wobackup
