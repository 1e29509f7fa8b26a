// Which SSH server, which login, and how far to trust it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wobackup {

/// Everything that SftpBackend has to know. What is empty comes from the ssh configuration (Host, HostName, User, Port,
/// IdentityFile, UserKnownHostsFile, ProxyCommand, ProxyJump ...), then from ssh's defaults.
struct SftpSettings {
  std::string user;
  std::string host;        ///< a name, a Host of the ssh configuration, or an address
  std::uint16_t port = 0;  ///< 0: see above
  std::string folder;      ///< "/absolute", "relative" or "." for the login's own folder
  std::optional<std::string>
      ssh_config;  ///< a file; "none": no configuration; unset: ~/.ssh/config, /etc/ssh/ssh_config

  /// The server must have one of these keys: "SHA256:..." or "ssh-ed25519 AAAA...". Empty: a known_hosts file must have
  /// it.
  std::vector<std::string> host_keys;
  std::string known_hosts;  ///< a file; empty: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts

  std::string identity_file;  ///< the one key to log in with; empty: the agent's, then the configured and usual ones
  std::function<std::string()> password;  ///< asked for when no key was taken; empty: there is none

  unsigned connections = 4;               ///< at once, for reading; each upload has one more
  std::chrono::seconds connect_time{20};  ///< for connecting and logging in
  std::chrono::seconds stall{60};         ///< nothing moves for so long: the connection is lost
};

/// Throws Error usage.
void check_sftp_settings(const SftpSettings& settings);

}  // namespace wobackup
