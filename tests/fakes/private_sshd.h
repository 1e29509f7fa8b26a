// An SSH server of the tests' own: own keys, own settings, on a free port of this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "backend/sftp/sftp_settings.h"
#include "base/subprocess.h"
#include "fakes/scratch_folder.h"

namespace wobackup::test {

/// Lets the tests' user in with a key that it has made. Never touches the machine's own server, keys or known_hosts.
class PrivateSshd {
 public:
  /// `denied`: requests that its SFTP program does not know, e.g. "posix-rename,fsync".
  /// `program`: serves SFTP; sshd's own if empty.
  explicit PrivateSshd(const std::string& denied = "", const std::string& program = "");
  ~PrivateSshd();
  PrivateSshd(const PrivateSshd&) = delete;
  PrivateSshd& operator=(const PrivateSshd&) = delete;

  /// Settings that fit, for a folder of its file system that does not exist yet.
  [[nodiscard]] SftpSettings settings() const;
  /// The same for another port, e.g. of a proxy.
  [[nodiscard]] SftpSettings settings(std::uint16_t port) const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// A folder of its file system that nobody has used.
  [[nodiscard]] std::filesystem::path new_folder() const;
  [[nodiscard]] std::string host_key() const;     ///< "ssh-ed25519 AAAA..."
  [[nodiscard]] std::string fingerprint() const;  ///< "SHA256:..."
  [[nodiscard]] const ScratchFolder& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path client_key() const { return folder_ / "client"; }
  /// A known_hosts file that names this server at that port.
  [[nodiscard]] std::filesystem::path known_hosts(std::uint16_t port) const;

 private:
  void start();

  ScratchFolder folder_;
  mutable unsigned folders_ = 0;
  std::uint16_t port_ = 0;
  std::unique_ptr<Subprocess> server_;
};

}  // namespace wobackup::test
