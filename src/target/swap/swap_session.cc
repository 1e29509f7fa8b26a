#include "target/swap/swap_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Names of modes, character sets, collations and time zones; nothing else may come between the quotes.
std::string plain(const std::string& value) {
  const bool fine = std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ',' ||
           c == '+' || c == '-' || c == ':' || c == '/';
  });
  if (!fine) throw Error(ErrorKind::verification, "no name of a mode or character set: " + printable(value));
  return value;
}

}  // namespace

bool is_lock_wait(const Error& error) {
  return error.message().ends_with("(1205)") || error.message().ends_with("(1213)");
}

SwapSession::SwapSession(ServerLogin login, const std::string& live, std::chrono::seconds lock_wait,
                         std::chrono::seconds patience, const Cancellation& cancellation)
    : login_(std::move(login)),
      lock_wait_(std::max(lock_wait, std::chrono::seconds(1))),
      connection_(login_, "", cancellation) {
  plain_settings();
  // Texts come as the bytes that they are, whatever character set they were written in.
  connection_.execute(
      fmt::format("SET SESSION character_set_results = NULL, lock_wait_timeout = {0}, innodb_lock_wait_timeout = {0}, "
                  "foreign_key_checks = 0, autocommit = 1, sql_quote_show_create = 1",
                  lock_wait_.count()));
  id_ = first_value(connection_, "SELECT CONNECTION_ID()");
  const std::string got = first_value(connection_, fmt::format("SELECT GET_LOCK(CONCAT('wobackup_swap_', MD5({})), {})",
                                                               quoted_text(live), patience.count()));
  if (got != "1") {
    throw Error(ErrorKind::locked, "another exchange of the database " + printable(live) + " is at work", {}, true);
  }
}

Account SwapSession::account() {
  const std::string text = first_value(connection_, "SELECT CURRENT_USER()");
  const std::size_t at = std::min(text.rfind('@'), text.size());
  return {text.substr(0, at), at == text.size() ? std::string() : text.substr(at + 1)};
}

void SwapSession::plain_settings() {
  connection_.execute(
      "SET SESSION sql_mode = '', character_set_client = utf8mb4, collation_connection = utf8mb4_general_ci, "
      "time_zone = 'SYSTEM', timestamp = DEFAULT");
}

void SwapSession::execute_as(const SavedObject& object, const std::string& sql) {
  const bool view = object.kind == ObjectKind::view;  // shown, and therefore read, under our own mode
  std::string settings =
      fmt::format("SET SESSION sql_mode = '{}', character_set_client = {}, collation_connection = {}",
                  view ? std::string() : plain(object.sql_mode), plain(object.character_set_client),
                  plain(object.collation_connection));
  if (object.kind == ObjectKind::event) {
    // An event whose time is over would be dropped as soon as it is made: it is made when it was made.
    settings += fmt::format(", time_zone = '{}', timestamp = {}", plain(object.time_zone),
                            std::max<std::int64_t>(1, object.created));
  }
  connection_.execute(settings);
  execute_then_plain(sql);
}

void SwapSession::execute_in_mode(const std::string& sql_mode, const std::string& sql) {
  connection_.execute(fmt::format("SET SESSION sql_mode = '{}'", plain(sql_mode)));
  execute_then_plain(sql);
}

void SwapSession::execute_then_plain(const std::string& sql) {
  try {
    connection_.execute(sql);
  } catch (const Error&) {
    // What has gone wrong counts, not what comes of it.
    static_cast<void>(connection_.error_of("SET SESSION sql_mode = ''"));
    plain_settings();
    throw;
  }
  plain_settings();
}

}  // namespace wobackup
