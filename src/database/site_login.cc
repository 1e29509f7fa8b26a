#include "database/site_login.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "database/connection.h"
#include "wobackup/error.h"

namespace wobackup {

ServerLogin own_login(const DatabaseLogin& site_login) {
  return {.user = site_login.user,
          .password = site_login.password,
          .host = site_login.host,
          .tls = {},
          .source = "the site's own login"};
}

SiteServerLogin choose_site_login(const DatabaseLogin& site_login, const std::string& database, bool named_by_admin,
                                  const DatabaseDefaults& defaults, const Cancellation& cancellation) {
  ServerLogin own = own_login(site_login);
  // Only a database that the site can open is the site's.
  const DatabaseConnection opens(own, database, cancellation);
  if (!defaults.admin || !named_by_admin) return {std::move(own), false};
  std::optional<ServerLogin> admin = admin_login(defaults.defaults_file);
  if (!admin || !same_server(admin->host, site_login.host)) return {std::move(own), false};
  // The same server, reached in the same way.
  if (admin->host.socket.empty() && !own.host.socket.empty()) admin->host = own.host;
  try {
    const DatabaseConnection works(*admin, database, cancellation);
    return {std::move(*admin), true};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    if (defaults.defaults_file) {
      throw Error(ErrorKind::dump,
                  fmt::format("the admin login of {} does not work: {}", admin->source, error.message()),
                  "correct it, or set database.admin = false");
    }
    return {std::move(own), false};
  }
}

}  // namespace wobackup
