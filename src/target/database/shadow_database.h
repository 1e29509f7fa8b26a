// A database of our own beside the site's, with a temporary user who has rights on nothing else.
#pragma once

#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "database/connection.h"
#include "database/my_cnf.h"

namespace wobackup {

/// "wobackup_<purpose>_<16 random hex>", or for a site's database "wobackup_<12 hex of its name's sha256>_<purpose>_<16
/// random hex>", so that a site's login can be given rights on its own shadows and no other site's. A caller writes it
/// down before the database is made, so that the next run can remove what a killed one left. REQUIRES: the purpose is 1
/// to 16 letters a-z.
[[nodiscard]] std::string new_shadow_name(std::string_view purpose, std::string_view database = {});

/// For GRANT: all the shadows of this database, quoted.
[[nodiscard]] std::string shadow_grant_pattern(std::string_view database);

/// Whether it is a name of that form.
[[nodiscard]] bool is_shadow_name(std::string_view name);

/// Drops the database of this name with its temporary user, if they exist, after ending the user's connections. Throws
/// Error usage for a name that is not a shadow's, dump if the server refuses.
void drop_shadow(DatabaseConnection& connection, const std::string& name);

/// Makes a database with this default collation, which an archive names. False if it names none that the server has:
/// nothing was made then. Throws Error dump if the server refuses for another reason.
[[nodiscard]] bool create_with_collation(DatabaseConnection& connection, const std::string& name,
                                         const std::string& collation);

struct ShadowRequest {
  std::string name;           ///< from new_shadow_name
  std::string like_database;  ///< whose character set and collation it gets; the server's own if there is none
  std::string collation;      ///< if not empty, this instead: "utf8mb4_general_ci"
  /// True for an admin's login: a user with all rights on this database and no others, logging in from where this
  /// program does. False for a site's own login that may make databases: then that login is used.
  bool with_user = true;
  /// The collation that the dump's database had; before the others, if the server has it.
  std::string of_dump = {};
};

/// Owns a shadow database. The server's other databases and users are never touched.
class ShadowDatabase {
 public:
  /// Makes it. Throws Error dump if the server refuses; then nothing stays behind. The login is used again to drop it,
  /// on a connection that a cancellation does not end.
  ShadowDatabase(ServerLogin maker, ShadowRequest request, const Cancellation& cancellation);
  ShadowDatabase(const ShadowDatabase&) = delete;
  ShadowDatabase& operator=(const ShadowDatabase&) = delete;
  /// Drops it, unless `keep` or `drop` was called. What fails here is left for drop_shadow.
  ~ShadowDatabase();

  [[nodiscard]] const std::string& name() const noexcept { return request_.name; }
  /// Who loads: the temporary user, or without one the maker.
  [[nodiscard]] const ServerLogin& login() const noexcept { return login_; }

  /// Leaves the database, and its user, to the caller.
  void keep() noexcept { dropped_ = true; }
  /// REQUIRES: nobody else uses it any more. Throws Error dump.
  void drop();

 private:
  void make(DatabaseConnection& connection);
  void make_user(DatabaseConnection& connection);

  ServerLogin maker_;
  ShadowRequest request_;
  ServerLogin login_;
  bool dropped_ = false;
};

}  // namespace wobackup
