// Where a database server is, as WordPress writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wobackup {

/// A server's address: a Unix socket, the local server's usual socket (`localhost` without a port), or host and port.
struct DatabaseHost {
  std::string host = "localhost";
  std::uint16_t port = 0;  ///< 0: the default
  std::string socket;      ///< path; empty: the default one for localhost

  [[nodiscard]] bool is_local() const noexcept;  ///< localhost, 127.0.0.1, ::1, or a socket
  /// As WordPress writes it: database_host_from gives the same again.
  [[nodiscard]] std::string text() const;
};

/// Parses DB_HOST by WordPress' rules: `localhost`, `host`, `host:port`, `localhost:/path/to.sock`, `:/path.sock`,
/// `[::1]:3306`, `::1`. Empty is localhost. A socket beside another host than localhost is ignored, as PHP does.
/// Nothing if it is none of these.
[[nodiscard]] std::optional<DatabaseHost> database_host_from(std::string_view text);

/// Whether both mean the same server, as far as names tell: localhost, 127.0.0.1 and ::1 are one host; an IPv6 address
/// is the same in every spelling.
[[nodiscard]] bool same_server(const DatabaseHost& a, const DatabaseHost& b);

}  // namespace wobackup
