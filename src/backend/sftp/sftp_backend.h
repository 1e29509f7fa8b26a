// Objects as files of an SFTP server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/sftp/sftp_pool.h"
#include "backend/sftp/sftp_settings.h"
#include "backend/surroundings.h"

namespace wobackup {

/// Connects when it must. Beyond the contract:
/// - `commit` does not replace a file: OpenSSH's server links it to its new name, and the protocol demands it of all
///   others. Where a server does not keep to that, two that commit the same key at the same moment both succeed.
/// - Replacing is one step where the server has posix-rename; elsewhere the old file is removed first.
/// - Where the server has no fsync extension, an object may be lost if the server's power fails soon after `commit`.
/// - Folders that have become empty stay. A link is no object; the server's folders may be links.
/// - What tells of a replaced file is its size and its time, in seconds.
class SftpBackend final : public Backend {
 public:
  /// Throws Error usage for wrong settings.
  SftpBackend(SftpSettings settings, const BackendSurroundings& surroundings);

  [[nodiscard]] std::optional<ObjectInfo> stat(const std::string& key) override;
  [[nodiscard]] std::unique_ptr<OpenObject> open(const std::string& key, const OpenOptions& options) override;
  ListSummary list(const std::string& prefix, const std::string& after, const ListVisitor& visit) override;
  [[nodiscard]] std::unique_ptr<Upload> put(const std::string& key, const PutOptions& options) override;
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() override;
  void remove(const std::string& key) override;
  std::vector<std::string> remove_unfinished() override;
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  [[nodiscard]] std::string path_of(const std::string& key) const;
  [[nodiscard]] std::string shown(const std::string& key) const;
  void remove_lost_partials(SftpClient& client, std::vector<std::string>& removed);

  std::string name_;
  SftpPool pool_;
  BackendSurroundings surroundings_;
};

}  // namespace wobackup
