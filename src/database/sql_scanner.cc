#include "database/sql_scanner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "database/sql_scanner_search.h"

namespace wobackup {
namespace {

// Every step may look at this many bytes, its own included, and may use the last of them too. So a position can lie up
// to kLookAhead - 1 bytes behind the end that a step was given, but never behind the bytes that are there.
constexpr std::size_t kLookAhead = 4;
constexpr std::size_t kBridgeBytes = 64;
constexpr std::size_t kKeptText = 64;
constexpr std::size_t kKeptWord = 16;
constexpr std::string_view kSandboxComment = "/*M!999999\\- enable the sandbox mode */";
constexpr std::string_view kMarker = "-- Dump completed";

}  // namespace

SqlScanner::SqlScanner(std::function<void(const SqlStatement&)> on_statement)
    : on_statement_(std::move(on_statement)) {}

std::uint64_t SqlScanner::offset_of(const char* at) const {
  return offset_ + static_cast<std::uint64_t>(at - piece_begin_);
}

void SqlScanner::feed(ByteSpan bytes) {
  std::string_view piece = text_of(bytes);
  while (!carry_.empty() && !piece.empty()) {
    // A token may lie across the border of two pieces: the rest of the last one and the beginning of this one are read
    // as one.
    const std::size_t kept = carry_.size();
    carry_.append(piece.substr(0, kBridgeBytes));
    const std::string bridge = std::exchange(carry_, {});
    const std::size_t used =
        bridge.size() < kLookAhead ? 0 : run(bridge.data(), bridge.data() + bridge.size() - kLookAhead + 1);
    if (used < kept) {
      carry_ = bridge.substr(used);
      piece.remove_prefix(bridge.size() - kept);
    } else {
      piece.remove_prefix(used - kept);
    }
  }
  if (piece.empty()) return;
  const std::size_t used =
      piece.size() < kLookAhead ? 0 : run(piece.data(), piece.data() + piece.size() - kLookAhead + 1);
  carry_ = piece.substr(used);
}

void SqlScanner::finish() {
  // Zeros are what is looked at behind the end.
  const std::size_t size = carry_.size();
  carry_.append(kLookAhead, '\0');
  run(carry_.data(), carry_.data() + size);
  carry_.clear();
  if (state_ == State::line_comment) {
    const std::string_view newline("\n\0\0\0", kLookAhead);
    run(newline.data(), newline.data() + 1);
  }
  if (state_ != State::top || in_statement_) completed_ = false;
}

// Reads until `stop` or a little further. Returns how many bytes were used.
std::size_t SqlScanner::run(const char* begin, const char* stop) {
  piece_begin_ = head_from_ = begin;
  const char* at = begin;
  while (at < stop) at = step(at, stop);
  keep_head(at);
  offset_ = offset_of(at);
  return static_cast<std::size_t>(at - begin);
}

const char* SqlScanner::step(const char* at, const char* end) {
  switch (state_) {
    case State::top:
      return top(at, end);
    case State::string:
      return string(at, end);
    case State::line_comment:
    case State::delimiter_line:
      return line(at, end);
    case State::block_comment:
      return block_comment(at, end);
    case State::version:
      return version(at);
  }
  return end;
}

void SqlScanner::keep_head(const char* to) {
  if (in_statement_ && head_.size() < kHeadBytes) {
    const auto size = static_cast<std::size_t>(to - head_from_);
    head_.append(head_from_, std::min(size, kHeadBytes - head_.size()));
  }
  head_from_ = to;
}

void SqlScanner::start_statement(const char* at) {
  in_statement_ = true;
  completed_ = false;
  head_.clear();
  head_from_ = at;
  statement_ = {};
  statement_.begin = offset_of(at);
  counts_rows_ = in_values_ = false;
  executable_ = depth_ = 0;
  word_.clear();
  first_word_ = true;
}

void SqlScanner::end_statement(const char* text_end, const char* behind) {
  keep_head(behind);
  statement_.head = head_;
  statement_.text_end = offset_of(text_end);
  statement_.end = offset_of(behind);
  in_statement_ = in_values_ = false;
  executable_ = 0;
  if (!counts_rows_) {
    if (const std::optional<QuoteRules> rules = quote_rules_set_by(head_)) quotes_ = *rules;
  }
  on_statement_(statement_);
}

// Between tokens.
const char* SqlScanner::top(const char* at, const char* end) {
  if (in_values_ && depth_ > 0) {
    at = rows(at, end);
    if (at >= end || state_ != State::top) return at;
  }
  if (is_sql_word(*at)) return word(at, end);
  end_word();
  if (state_ != State::top) return at;
  if (is_sql_blank(*at)) {
    line_is_blank_ = line_is_blank_ || *at == '\n';
    return at + 1;
  }
  return symbol(at);
}

// It may go on in the next piece.
const char* SqlScanner::word(const char* at, const char* end) {
  if (!in_statement_) start_statement(at);
  line_is_blank_ = false;
  const char* const begin = at;
  while (at < end && is_sql_word(*at)) ++at;
  word_.append(begin, std::min(static_cast<std::size_t>(at - begin), kKeptWord - word_.size()));
  return at;
}

void SqlScanner::end_word() {
  if (word_.empty()) return;
  const std::string word = lower_ascii(std::exchange(word_, {}));
  if (std::exchange(first_word_, false)) {
    counts_rows_ = word == "insert" || word == "replace";
    if (word == "delimiter" && executable_ == 0) {
      state_ = State::delimiter_line;
      text_.clear();
    }
  } else if (counts_rows_ && depth_ == 0 && (word == "values" || word == "value")) {
    in_values_ = true;
  }
}

// A byte that is neither blank nor part of a word.
const char* SqlScanner::symbol(const char* at) {
  const bool line_was_blank = std::exchange(line_is_blank_, false);
  const char c = *at;
  if (c == '#' || (c == '-' && at[1] == '-' && (is_sql_blank(at[2]) || at[2] == '\0'))) {
    state_ = State::line_comment;
    comment_has_line_ = line_was_blank;
    text_.clear();
    return at;
  }
  if (c == '/' && at[1] == '*') {
    const bool maria = at[2] == 'M' && at[3] == '!';
    never_ = false;
    if (at[2] != '!' && !maria) {
      if (!in_statement_) completed_ = false;
      state_ = State::block_comment;
      return at + 2;
    }
    if (!in_statement_) start_statement(at);
    state_ = State::version;
    text_.clear();
    return at + (maria ? 4 : 3);
  }
  if (executable_ > 0 && c == '*' && at[1] == '/') {
    --executable_;
    return at + 2;
  }
  if (std::memcmp(at, delimiter_.data(), delimiter_.size()) == 0) {
    const char* const behind = at + delimiter_.size();
    completed_ = false;
    if (!in_statement_) return behind;  // an empty statement
    longest_ = std::max(longest_, offset_of(behind) - statement_.begin);
    end_statement(at, behind);
    return behind;
  }
  if (!in_statement_) start_statement(at);
  first_word_ = false;
  if (c == '\'' || c == '"' || c == '`') {
    state_ = State::string;
    quote_ = c;
  } else if (c == '(') {
    if (in_values_ && depth_ == 0) ++statement_.rows;
    ++depth_;
  } else if (c == ')' && depth_ > 0) {
    --depth_;
  }
  return at + 1;
}

// The rows of an INSERT: most of a dump. Ends at the end of the last one, or where something else stands between two
// values than strings and numbers.
const char* SqlScanner::rows(const char* at, const char* end) {
  const bool escapes = !quotes_.no_backslash_escapes;
  while (at < end) {
    at = find_between_values(at, end);
    if (at >= end) return at;
    if (*at == '\'') {
      at = find_in_string(at + 1, end, '\'', escapes);
      while (at < end && *at == '\\' && escapes) at = find_in_string(at + 2, end, '\'', escapes);
      if (at >= end) {
        state_ = State::string;
        quote_ = '\'';
        return at;
      }
      ++at;
    } else if (*at == '(') {
      ++depth_;
      ++at;
    } else if (*at == ')') {
      ++at;
      if (--depth_ > 0) continue;
      // ",(" or ",\n(" leads to the next row.
      const std::size_t gap = at[0] != ',' ? 0 : at[1] == '(' ? 2 : at[1] == '\n' && at[2] == '(' ? 3 : 0;
      if (gap == 0 || at >= end) return at;
      ++statement_.rows;
      depth_ = 1;
      at += gap;
    } else {
      return at;
    }
  }
  return at;
}

bool SqlScanner::escapes() const {
  return !quotes_.no_backslash_escapes && quote_ != '`' && !(quote_ == '"' && quotes_.ansi_quotes);
}

// The rest of a string or a quoted name. A doubled quote reads as the end of one string and the beginning of the next,
// which comes to the same.
const char* SqlScanner::string(const char* at, const char* end) {
  const bool escaped = escapes();
  at = find_in_string(at, end, quote_, escaped);
  while (at < end && *at != quote_) at = find_in_string(at + 2, end, quote_, escaped);
  if (at >= end) return at;
  state_ = State::top;
  return at + 1;
}

// The number behind /*! or /*M!.
const char* SqlScanner::version(const char* at) {
  if (*at >= '0' && *at <= '9' && text_.size() < kNeverVersion.size()) {
    text_ += *at;
    return at + 1;
  }
  never_ = text_ == kNeverVersion;
  state_ = never_ ? State::block_comment : State::top;
  if (!never_) ++executable_;
  return at;
}

const char* SqlScanner::block_comment(const char* at, const char* end) {
  for (; at < end; ++at) {
    at = static_cast<const char*>(std::memchr(at, '*', static_cast<std::size_t>(end - at)));
    if (at == nullptr) return end;
    if (at[1] != '/') continue;
    at += 2;
    state_ = State::top;
    if (never_ && in_statement_ && first_word_ && executable_ == 0) {
      // Nothing but this comment yet: no statement began.
      keep_head(at);
      sandbox_ = sandbox_ || (statement_.begin == 0 && head_ == kSandboxComment);
      in_statement_ = false;
    }
    return at;
  }
  return at;
}

// The rest of a line: a comment, or the client's DELIMITER.
const char* SqlScanner::line(const char* at, const char* end) {
  const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
  const char* const line_end = newline == nullptr ? end : newline;
  text_.append(at, std::min(static_cast<std::size_t>(line_end - at), kKeptText - text_.size()));
  if (newline == nullptr) return end;
  const std::string_view text = trim(text_);
  line_is_blank_ = true;
  if (std::exchange(state_, State::top) == State::delimiter_line) {
    if (!text.empty() && text.size() <= kLookAhead) delimiter_ = text;
    statement_.is_delimiter_line = true;
    end_statement(newline + 1, newline + 1);
  } else if (!in_statement_ && text != "--") {
    const bool is_marker =
        text.starts_with(kMarker) && (text.size() == kMarker.size() || text.substr(kMarker.size()).starts_with(" on "));
    completed_ = is_marker && comment_has_line_;
  }
  return newline + 1;
}

}  // namespace wobackup
