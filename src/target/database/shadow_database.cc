#include "target/database/shadow_database.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/system_error.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "database/single_value.h"
#include "database/sql_scanner_head.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::string_view kPrefix = "wobackup_";
constexpr std::size_t kRandomBytes = 8;
constexpr std::size_t kTagDigits = 12;
constexpr std::size_t kPasswordBytes = 14;

template <std::size_t Size>
std::string random_hex() {
  std::array<std::byte, Size> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw system_error("no random numbers", errno);
  }
  return hex(bytes);
}

// 32 characters; with one of each kind, for servers that ask for them.
std::string new_password() { return "aZ7-" + random_hex<kPasswordBytes>(); }

// The temporary user carries the database's random part, so that one name tells both.
std::string user_of(std::string_view shadow) {
  return std::string(kPrefix) + std::string(shadow.substr(shadow.size() - 2 * kRandomBytes));
}

// In GRANT, '_' and '%' stand for any characters.
std::string grant_pattern(std::string_view name) {
  std::string pattern;
  for (const char c : name) {
    if (c == '_' || c == '%' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return quoted_name(pattern);
}

// From where the server sees us: its accounts have the host in their name.
std::string own_host(DatabaseConnection& connection) {
  const std::string self = first_value(connection, "SELECT USER()");
  const std::size_t at = self.rfind('@');
  std::string host = at == std::string::npos ? std::string() : self.substr(at + 1);
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == ':' ||
           c == '-' || c == '_';
  });
  if (host.empty() || !plain) throw Error(ErrorKind::dump, "the server does not say from where we are connected");
  return host;
}

std::string account(std::string_view user, std::string_view host) { return fmt::format("'{}'@'{}'", user, host); }

void end_connections_of(DatabaseConnection& connection, const std::string& user) {
  const std::vector<SqlRow> ids =
      connection.rows("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = " + quoted_text(user));
  for (const SqlRow& row : ids) {
    const bool is_id = !row.empty() && row[0] && row[0]->find_first_not_of("0123456789") == std::string::npos;
    if (is_id) static_cast<void>(connection.error_of("KILL " + *row[0]));  // it may have ended
  }
}

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// Tells one site's shadows from another's: "3f2a90c1d2e3_".
std::string tag_of(std::string_view database) { return hex(sha256(bytes_of(database))).substr(0, kTagDigits) + "_"; }

void require_shadow_name(std::string_view name) {
  if (!is_shadow_name(name)) throw Error(ErrorKind::usage, printable(name) + " is no shadow database's name");
}

bool is_collation_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return is_sql_word(c) && c != '$'; });
}

}  // namespace

bool create_with_collation(DatabaseConnection& connection, const std::string& name, const std::string& collation) {
  if (collation.empty() || !is_collation_name(collation)) return false;
  const auto refused = connection.error_of("CREATE DATABASE " + quoted_name(name) + " COLLATE " + collation);
  if (!refused) return true;
  if (refused->ends_with("(1273)")) return false;  // another server's
  throw Error(ErrorKind::dump, *refused);
}

std::string new_shadow_name(std::string_view purpose, std::string_view database) {
  std::string name = fmt::format("{}{}{}_{}", kPrefix, database.empty() ? std::string() : tag_of(database), purpose,
                                 random_hex<kRandomBytes>());
  require_shadow_name(name);
  return name;
}

std::string shadow_grant_pattern(std::string_view database) {
  std::string pattern = grant_pattern(std::string(kPrefix) + tag_of(database));
  pattern.insert(pattern.size() - 1, "%");  // before the closing quote
  return pattern;
}

bool is_shadow_name(std::string_view name) {
  if (!name.starts_with(kPrefix) || name.size() < 2 * kRandomBytes + 1) return false;
  const std::string_view random = name.substr(name.size() - 2 * kRandomBytes);
  if (!is_hex(random)) return false;
  std::string_view middle = name.substr(kPrefix.size(), name.size() - kPrefix.size() - random.size());
  if (middle.size() > kTagDigits + 1 && middle[kTagDigits] == '_' && is_hex(middle.substr(0, kTagDigits))) {
    middle.remove_prefix(kTagDigits + 1);
  }
  if (middle.size() < 2 || middle.size() > 17 || middle.back() != '_') return false;
  return middle.substr(0, middle.size() - 1).find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

void drop_shadow(DatabaseConnection& connection, const std::string& name) {
  require_shadow_name(name);
  const std::string user = user_of(name);
  end_connections_of(connection, user);
  connection.execute("SET SESSION lock_wait_timeout = 60");
  connection.execute("DROP DATABASE IF EXISTS " + quoted_name(name));
  if (connection.error_of("SELECT 1 FROM mysql.user LIMIT 1")) {
    // Not an admin, who made no user; or one who may make users but not see them.
    static_cast<void>(connection.error_of("DROP USER IF EXISTS " + account(user, own_host(connection))));
    return;
  }
  for (const SqlRow& row : connection.rows("SELECT Host FROM mysql.user WHERE User = " + quoted_text(user))) {
    if (row.empty() || !row[0]) continue;
    connection.execute("DROP USER " + quoted_text(user) + "@" + quoted_name(*row[0]));
  }
}

ShadowDatabase::ShadowDatabase(ServerLogin maker, ShadowRequest request, const Cancellation& cancellation)
    : maker_(std::move(maker)), request_(std::move(request)), login_(maker_) {
  require_shadow_name(request_.name);
  DatabaseConnection connection(maker_, "", cancellation);
  try {
    make(connection);
    if (request_.with_user) make_user(connection);
  } catch (...) {
    try {
      drop();
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the first error counts; drop_shadow comes again
    }
    throw;
  }
}

ShadowDatabase::~ShadowDatabase() {
  if (dropped_) return;
  try {
    drop();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next run removes it by its name
  }
}

void ShadowDatabase::make(DatabaseConnection& connection) {
  std::string collation = request_.collation;
  if (collation.empty() && !request_.like_database.empty()) {
    collation =
        first_value(connection, "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " +
                                    quoted_text(request_.like_database));
  }
  if (!is_collation_name(collation)) throw Error(ErrorKind::usage, printable(collation) + " is no collation");
  if (create_with_collation(connection, request_.name, request_.of_dump)) return;
  const std::string how = collation.empty() ? "" : " COLLATE " + collation;
  connection.execute("CREATE DATABASE " + quoted_name(request_.name) + how);
}

void ShadowDatabase::make_user(DatabaseConnection& connection) {
  const std::string user = user_of(request_.name);
  const std::string password = new_password();
  const std::string who = account(user, own_host(connection));
  connection.execute("CREATE USER " + who + " IDENTIFIED BY '" + password + "'");
  connection.execute("GRANT ALL PRIVILEGES ON " + grant_pattern(request_.name) + ".* TO " + who);
  login_.user = user;
  login_.password = password;
}

void ShadowDatabase::drop() {
  if (dropped_) return;
  // Not the caller's cancellation: that may be the very reason why we are here.
  const Cancellation cancellation;
  DatabaseConnection connection(maker_, "", cancellation);
  drop_shadow(connection, request_.name);
  dropped_ = true;
}

}  // namespace wobackup
