#include "target/database/load_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "target/database/load_guard.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kUsualLongest = std::uint64_t{64} << 20U;
constexpr std::uint64_t kLongest = std::uint64_t{1} << 30U;  // what servers take at most
constexpr std::uint64_t kPacketHead = 64;

// What dump programs set first, for dumps that do not.
constexpr std::string_view kDefaults =
    "SET NAMES utf8mb4, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0, unique_checks = 0, sql_notes = 0, "
    "autocommit = 0";
constexpr std::string_view kReset =
    "SELECT @@sql_mode, @@time_zone, @@character_set_client, @@character_set_results, @@collation_connection";

}  // namespace

std::uint64_t LoadSource::longest() const { return std::clamp(layout.longest_statement, kUsualLongest, kLongest); }

LoadSession::LoadSession(const LoadSource& source, const LoadTarget& target)
    : source_(source),
      connection_(target.login, target.database, source.cancellation, source.longest()),
      policy_({connection_.is_mariadb(), connection_.version_number(), {}}, source.layout.database,
              source.layout.former_database) {
  if (!target.guard.empty()) take_load_guard(connection_, target.guard);
  require_packet();
  connection_.execute(kDefaults);
  run_prelude();
}

void LoadSession::require_packet() {
  const std::vector<SqlRow> rows = connection_.rows("SELECT @@max_allowed_packet");
  if (rows.empty() || rows[0].empty() || !rows[0][0]) return;
  std::uint64_t limit = 0;
  std::from_chars(rows[0][0]->data(), rows[0][0]->data() + rows[0][0]->size(), limit);
  const std::uint64_t needed = std::min(source_.layout.longest_statement + kPacketHead, kLongest);
  if (limit >= needed) return;
  throw Error(ErrorKind::failed,
              fmt::format("the dump has a statement of {}, and the server takes {} at most",
                          human_size(source_.layout.longest_statement), human_size(limit)),
              "set max_allowed_packet to 1G on the server: SET GLOBAL max_allowed_packet=1073741824, and in its "
              "[mysqld] options");
}

void LoadSession::run_prelude() {
  read_statements(source_.dump, source_.layout.prelude, StatementPolicy::kLongestText, source_.cancellation,
                  [this](const DumpStatement& statement) {
                    const JudgedStatement judged = policy_.judge(statement.text, statement.offset);
                    if (judged.kind == StatementKind::nothing || judged.kind == StatementKind::skipped) return;
                    if (judged.kind != StatementKind::set) {
                      throw Error(ErrorKind::verification,
                                  fmt::format("the dump has something before its first section (byte {}: {})",
                                              statement.offset, beginning_of(statement.text)));
                    }
                    send(judged.text(), statement.offset);
                  });
  const std::vector<SqlRow> rows = connection_.rows(std::string(kReset));
  if (rows.size() != 1 || rows[0].size() != 5) throw Error(ErrorKind::failed, "the server does not tell its variables");
  const auto value = [&row = rows[0]](std::size_t i) { return row[i] ? quoted_text(*row[i]) : std::string("NULL"); };
  if (policy_.quotes().ansi_quotes || policy_.quotes().no_backslash_escapes) {
    throw Error(ErrorKind::verification, "the dump is in an SQL mode with other quotes than dump programs write");
  }
  reset_ = fmt::format(
      "SET sql_mode = {}, time_zone = {}, character_set_client = {}, character_set_results = {}, collation_connection "
      "= "
      "{}, foreign_key_checks = 0, unique_checks = 0, sql_notes = 0",
      value(0), value(1), value(2), value(3), value(4));
}

void LoadSession::read(const ByteRange& range, const Visit& visit) {
  connection_.execute(reset_);
  policy_.session_was_reset();
  read_statements(source_.dump, range, source_.longest(), source_.cancellation, [&](const DumpStatement& statement) {
    visit(policy_.judge(statement.text, statement.offset), statement);
  });
}

void LoadSession::send(std::string_view sql, std::uint64_t offset) {
  try {
    connection_.execute(sql);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    throw Error(ErrorKind::failed,
                fmt::format("the server refuses a statement of the dump (byte {}: {}): {}", offset, beginning_of(sql),
                            error.message()),
                error.hint());
  }
}

void LoadSession::commit() { send("COMMIT", 0); }

void LoadSession::skip_binary_log() { static_cast<void>(connection_.error_of("SET SESSION sql_log_bin = 0")); }

}  // namespace wobackup
