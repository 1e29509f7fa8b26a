// Follows the SQL of a dump as it passes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "database/sql_scanner_head.h"

namespace wobackup {

/// One statement of a dump, seen whole; or a DELIMITER line of its client.
struct SqlStatement {
  std::string_view head;           ///< its first bytes, at most SqlScanner::kHeadBytes; valid during the call
  std::uint64_t begin = 0;         ///< offset of its first byte in the dump
  std::uint64_t end = 0;           ///< offset behind its delimiter
  std::uint64_t text_end = 0;      ///< offset of its delimiter; of a DELIMITER line, of its end
  bool is_delimiter_line = false;  ///< for the client only
  std::uint64_t rows = 0;          ///< of INSERT and REPLACE: number of value lists
};

/// Reads the output of mariadb-dump and mysqldump as a stream of tokens: strings, quoted names, comments, executable
/// comments (/*! and /*M!), DELIMITER lines as their client understands them, and the quoting rules that a SET sql_mode
/// before a routine brings. Never by searching lines: the data of a site may imitate anything. Takes the dump in pieces
/// cut anywhere, any bytes at all; memory does not depend on the dump. Used from one thread.
class SqlScanner {
 public:
  /// Holds what a statement creates: two definers' names and the object's, each of 64 characters, all of them quotes.
  static constexpr std::size_t kHeadBytes = 2048;

  explicit SqlScanner(std::function<void(const SqlStatement&)> on_statement);

  void feed(ByteSpan bytes);
  /// Ends the dump.
  void finish();

  /// A statement that has begun and not ended yet.
  struct OpenStatement {
    std::uint64_t begin = 0;
    std::string_view head;  ///< its first bytes so far; valid until the next call
  };
  /// As far as the bytes are read: all but the last few that were fed.
  [[nodiscard]] std::optional<OpenStatement> open_statement() const {
    return in_statement_ ? std::optional(OpenStatement{statement_.begin, head_}) : std::nullopt;
  }

  /// After `finish`: the last thing in the dump is the comment "-- Dump completed", on a line of its own outside of any
  /// statement.
  [[nodiscard]] bool completed() const noexcept { return completed_; }
  /// After `finish`: the dump ends within a statement, which was not given to anybody.
  [[nodiscard]] bool cut_off() const noexcept { return in_statement_; }
  /// The first thing is the line that keeps the mariadb client from running commands.
  [[nodiscard]] bool has_sandbox_line() const noexcept { return sandbox_; }
  /// Length of the longest statement: what max_allowed_packet a server must allow.
  [[nodiscard]] std::uint64_t longest_statement() const noexcept { return longest_; }

 private:
  enum class State { top, string, line_comment, block_comment, version, delimiter_line };

  std::size_t run(const char* begin, const char* stop);
  const char* step(const char* at, const char* end);
  const char* top(const char* at, const char* end);
  const char* word(const char* at, const char* end);
  const char* symbol(const char* at);
  const char* rows(const char* at, const char* end);
  const char* string(const char* at, const char* end);
  const char* version(const char* at);
  const char* block_comment(const char* at, const char* end);
  const char* line(const char* at, const char* end);
  void start_statement(const char* at);
  void end_statement(const char* text_end, const char* behind);
  void end_word();
  void keep_head(const char* to);
  [[nodiscard]] bool escapes() const;
  [[nodiscard]] std::uint64_t offset_of(const char* at) const;

  std::function<void(const SqlStatement&)> on_statement_;
  State state_ = State::top;
  char quote_ = '\0';
  QuoteRules quotes_;
  std::string delimiter_ = ";";
  std::string text_;  // of a line comment, a version, a DELIMITER line: its first bytes

  bool in_statement_ = false;
  bool counts_rows_ = false;  // INSERT or REPLACE
  bool in_values_ = false;    // behind its VALUES
  bool first_word_ = false;   // not yet seen
  unsigned executable_ = 0;   // depth of /*! ... */
  unsigned depth_ = 0;        // of parentheses
  std::string word_;
  SqlStatement statement_;
  std::string head_;

  bool line_is_blank_ = true;      // so far
  bool comment_has_line_ = false;  // of its own
  bool never_ = false;             // a comment for a version that no server has

  std::string carry_;  // the end of the last piece, which the next one must decide
  std::uint64_t offset_ = 0;
  const char* piece_begin_ = nullptr;  // lies at offset_
  const char* head_from_ = nullptr;    // what of this piece still belongs to the head

  bool completed_ = false;
  bool sandbox_ = false;
  std::uint64_t longest_ = 0;
};

}  // namespace wobackup
