// The admin's credentials, in MySQL's option file format.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "site/database_host.h"

namespace wobackup {

/// How to reach a server and log in to it.
struct ServerLogin {
  std::string user;
  std::string password;
  DatabaseHost host;
  std::vector<std::pair<std::string, std::string>> tls;  ///< ssl, ssl-ca, ssl-cert, ssl-key, ssl-verify-server-cert
  std::string source;                                    ///< for messages: "/etc/mysql/conf.d/my.cnf"
};

/// The login in the groups [client], [client-server] and [client-mariadb] of an option file's text; nothing if it names
/// no user. Include lines are not followed.
[[nodiscard]] std::optional<ServerLogin> login_from_my_cnf(std::string_view text);

/// An option file's [client] group for a dump program, to be handed over as a descriptor. Throws Error dump for a value
/// that does not fit into a line.
[[nodiscard]] std::string my_cnf_of(const ServerLogin& login);

/// The first of: `defaults_file` (which must then exist), /etc/mysql/conf.d/my.cnf, ~/.my.cnf, and for root the local
/// server's socket without a password. Nothing for other users without such a file. Throws Error failed for a file that
/// others can write to.
[[nodiscard]] std::optional<ServerLogin> admin_login(const std::optional<std::filesystem::path>& defaults_file);

}  // namespace wobackup
