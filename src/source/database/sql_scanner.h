// Follows the SQL of a dump as it passes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace wobackup {

/// One statement of a dump, seen whole.
struct SqlStatement {
  std::string_view head;    ///< its first bytes, at most SqlScanner::kHeadBytes
  std::uint64_t begin = 0;  ///< offset of its first byte in the dump
  std::uint64_t end = 0;    ///< offset behind its delimiter
  std::uint64_t rows = 0;   ///< of INSERT and REPLACE: number of value lists
};

/// Reads the output of mariadb-dump and mysqldump as a stream of tokens: strings, quoted names, comments, executable
/// comments (/*! and /*M!), DELIMITER lines as their client understands them. Never by searching lines: the data of a
/// site may imitate anything. Takes the dump in pieces cut anywhere; memory does not depend on the dump. Used from one
/// thread.
class SqlScanner {
 public:
  static constexpr std::size_t kHeadBytes = 2048;

  explicit SqlScanner(std::function<void(const SqlStatement&)> on_statement);

  void feed(ByteSpan bytes);
  /// Ends the dump.
  void finish();

  /// After `finish`: the last thing in the dump is the comment "-- Dump completed", at the end of a line outside of any
  /// statement.
  [[nodiscard]] bool completed() const noexcept { return completed_; }
  /// The first thing is the line that keeps the mariadb client from running commands.
  [[nodiscard]] bool has_sandbox_line() const noexcept { return sandbox_; }
  /// Length of the longest statement: what max_allowed_packet a server must allow.
  [[nodiscard]] std::uint64_t longest_statement() const noexcept { return longest_; }

 private:
  enum class State { top, string, name, line_comment, block_comment, version, delimiter_line };

  std::size_t run(const char* begin, std::size_t size, bool final);
  const char* top(const char* at, const char* end);
  const char* symbol(const char* at);
  const char* values(const char* at, const char* end) const;
  const char* string(const char* at, const char* end);
  const char* comment_end(const char* at, const char* end);
  void start_statement(const char* at);
  void end_statement(const char* behind);
  void end_word();
  void keep_head(const char* to);
  [[nodiscard]] std::uint64_t offset_of(const char* at) const;

  std::function<void(const SqlStatement&)> on_statement_;
  State state_ = State::top;
  char quote_ = '\0';
  bool in_statement_ = false;
  bool executable_ = false;  // inside /*! ... */
  bool counts_rows_ = false;
  bool in_values_ = false;
  unsigned depth_ = 0;
  std::string word_;
  bool first_word_ = false;
  std::string delimiter_ = ";";
  std::string text_;  // of a line comment, a version, a DELIMITER line: its first bytes

  std::string carry_;
  std::uint64_t offset_ = 0;  // of piece_begin_ in the dump
  const char* piece_begin_ = nullptr;
  const char* head_from_ = nullptr;  // what of this piece still belongs to the head
  std::string head_;
  SqlStatement statement_;

  bool completed_ = false;
  bool sandbox_ = false;
  std::uint64_t longest_ = 0;
};

}  // namespace wobackup
