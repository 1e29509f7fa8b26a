#include "backend/sftp/sftp_pool.h"

#include <utility>

namespace wobackup {

void SftpLease::give_back() noexcept {
  if (connection_ || counted_) pool_->give_back(std::move(connection_), std::exchange(counted_, false));
}

SftpPool::SftpPool(SftpSettings settings, const Cancellation& cancellation)
    : settings_(std::move(settings)), cancellation_(cancellation) {
  check_sftp_settings(settings_);
}

// REQUIRES: the mutex is held.
std::unique_ptr<SftpConnection> SftpPool::idle_connection() {
  if (idle_.empty()) return nullptr;
  std::unique_ptr<SftpConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void SftpPool::close_files(SftpConnection& connection) {
  std::vector<std::string> handles;
  {
    const std::scoped_lock lock(mutex_);
    const auto place = to_close_.find(connection.number);
    if (place == to_close_.end()) return;
    handles = std::move(place->second);
    to_close_.erase(place);
  }
  for (const std::string& handle : handles) connection.client.close_soon(handle);
}

SftpLease SftpPool::take() {
  std::unique_ptr<SftpConnection> connection;
  std::uint64_t number = 0;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, cancellation_.token(), [this] { return in_use_ < settings_.connections; });
    cancellation_.check();
    ++in_use_;
    connection = idle_connection();
    number = ++last_number_;
  }
  SftpLease lease(*this, std::move(connection), true);  // gives its place back if connecting fails
  if (!lease) lease.fill(std::make_unique<SftpConnection>(settings_, cancellation_, number));
  close_files(lease.connection());
  return lease;
}

SftpLease SftpPool::take_for_upload() {
  std::unique_ptr<SftpConnection> connection;
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    connection = idle_connection();
    number = ++last_number_;
  }
  if (!connection) connection = std::make_unique<SftpConnection>(settings_, cancellation_, number);
  SftpLease lease(*this, std::move(connection), false);
  close_files(lease.connection());
  return lease;
}

void SftpPool::close_later(std::uint64_t connection, std::string handle) {
  const std::scoped_lock lock(mutex_);
  to_close_[connection].push_back(std::move(handle));
}

void SftpPool::give_back(std::unique_ptr<SftpConnection> connection, bool counted) noexcept {
  {
    const std::scoped_lock lock(mutex_);
    if (counted) --in_use_;
    if (connection && connection->client.usable() && idle_.size() < settings_.connections) {
      idle_.push_back(std::move(connection));
    } else if (connection) {
      to_close_.erase(connection->number);  // the server closes what is open
    }
  }
  changed_.notify_all();
}

}  // namespace wobackup
