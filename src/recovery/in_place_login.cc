#include "recovery/in_place_login.h"

#include <fmt/format.h>

#include "base/text.h"
#include "target/database/shadow_database.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

bool is_unknown_database(const Error& error) { return error.message().ends_with("(1049)"); }

// The database is gone, but the site's login may still open one of this name: nobody else's content can be in it.
void make_again(const Site& site, const DatabaseLogin& own, const SiteDatabase& database, const std::string& collation,
                const InPlaceEnvironment& environment) {
  const Config& config = environment.config;
  std::optional<ServerLogin> maker = own_login(own);
  if (config.database.admin && database.named_by_admin) {
    const std::optional<ServerLogin> admin = admin_login(config.database.defaults_file);
    if (admin && same_server(admin->host, own.host)) maker = admin;
    if (maker->host.socket.empty()) maker->host = own.host;
  }
  const Cancellation never;
  DatabaseConnection connection(*maker, "", never);
  const auto cannot = [&](const std::string& refused) {
    return Error(ErrorKind::failed,
                 fmt::format("{}: its database {} is gone, and cannot be made: {}", site.name, printable(own.name),
                             printable(refused)),
                 fmt::format("make it: CREATE DATABASE {}", quoted_name(own.name)));
  };
  try {
    if (create_with_collation(connection, own.name, collation)) return;
  } catch (const Error& error) {
    throw cannot(error.message());
  }
  if (const auto refused = connection.error_of("CREATE DATABASE " + quoted_name(own.name))) throw cannot(*refused);
  if (!environment.log) return;
  environment.log(LogLevel::warning,
                  fmt::format("{}: its database {} is made again with the server's default collation, {}; see ALTER "
                              "DATABASE",
                              site.name, printable(own.name),
                              collation.empty() ? std::string("since the backup does not tell the one that it had")
                                                : "which has no " + printable(collation)));
}

}  // namespace

SiteServerLogin in_place_login(const Site& site, const SiteDatabase& database, const std::string& collation,
                               const InPlaceEnvironment& environment, const Cancellation& cancellation) {
  const Config& config = environment.config;
  const DatabaseLogin& own = *database.login;
  const auto choose = [&] {
    return choose_site_login(own, own.name, database.named_by_admin, config.database, cancellation);
  };
  try {
    return choose();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::dump || !is_unknown_database(error)) throw;
  }
  make_again(site, own, database, collation, environment);
  return choose();
}

}  // namespace wobackup
