#include "backend/sftp/sftp_object.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "wobackup/error.h"

namespace wobackup {
namespace {

Error missing(const std::string& shown) { return Error(ErrorKind::not_found, fmt::format("no such file: {}", shown)); }

// Open once on each connection that has read from it.
class SftpObject final : public OpenObject {
 public:
  SftpObject(SftpPool& pool, ObjectInfo info, std::string path, std::string shown)
      : pool_(pool), info_(std::move(info)), path_(std::move(path)), shown_(std::move(shown)) {}
  ~SftpObject() override {
    for (auto& [connection, handle] : handles_) pool_.close_later(connection, std::move(handle));
  }

  [[nodiscard]] const ObjectInfo& info() const override { return info_; }
  [[nodiscard]] const std::string& name() const override { return shown_; }

  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    if (offset >= info_.size_bytes || buffer.empty()) return 0;
    buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), info_.size_bytes - offset)));
    const SftpLease lease = pool_.take();
    lease.client().read(handle_on(lease), offset, buffer, shown_);
    return buffer.size();
  }

  /// The file as it was opened at first.
  void keep(const SftpLease& lease, SftpClient::Handle handle) {
    const std::scoped_lock lock(mutex_);
    handles_[lease.connection().number] = std::move(handle);
  }

 private:
  [[nodiscard]] SftpClient::Handle handle_on(const SftpLease& lease) const {
    {
      const std::scoped_lock lock(mutex_);
      const auto place = handles_.find(lease.connection().number);
      if (place != handles_.end()) return place->second;
    }
    const std::optional<SftpClient::Handle> handle = lease.client().open(path_, kSftpRead);
    if (!handle) throw missing(shown_);
    const std::optional<ObjectInfo> now = sftp_info(info_.key, lease.client().fstat(*handle, shown_));
    if (!now || now->version != info_.version) {
      lease.client().close_soon(*handle);
      throw Error(ErrorKind::verification, fmt::format("{} was replaced while it was read", shown_));
    }
    const std::scoped_lock lock(mutex_);
    handles_[lease.connection().number] = *handle;
    return *handle;
  }

  SftpPool& pool_;
  ObjectInfo info_;
  std::string path_;
  std::string shown_;
  mutable std::mutex mutex_;
  mutable std::map<std::uint64_t, SftpClient::Handle> handles_;  // by the connection's number
};

}  // namespace

std::optional<ObjectInfo> sftp_info(const std::string& key, const SftpAttributes& attributes) {
  if (!attributes.mode || !S_ISREG(*attributes.mode) || !attributes.size_bytes) return std::nullopt;
  ObjectInfo info;
  info.key = key;
  info.size_bytes = *attributes.size_bytes;
  const std::uint32_t modified = attributes.modified.value_or(0);
  info.modified = std::chrono::sys_seconds(std::chrono::seconds(modified));
  info.version = fmt::format("{}-{}", info.size_bytes, modified);
  return info;
}

std::unique_ptr<OpenObject> open_sftp_object(SftpPool& pool, const std::string& key, const std::string& path,
                                             std::string shown) {
  const SftpLease lease = pool.take();
  std::optional<SftpClient::Handle> handle = lease.client().open(path, kSftpRead);
  if (!handle) throw missing(shown);
  const SftpAttributes attributes = lease.client().fstat(*handle, shown);
  std::optional<ObjectInfo> info = sftp_info(key, attributes);
  if (!info) {
    lease.client().close_soon(*handle);
    if (attributes.mode && S_ISDIR(*attributes.mode)) throw missing(shown);
    throw Error(ErrorKind::failed, fmt::format("{} is not a regular file", shown));
  }
  auto object = std::make_unique<SftpObject>(pool, std::move(*info), path, std::move(shown));
  object->keep(lease, std::move(*handle));
  return object;
}

}  // namespace wobackup
