#include "source/database/sql_scanner.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>

#include <bit>
#endif

#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::size_t kLookAhead = 4;  // bytes that decide what a token is
constexpr std::size_t kBridgeBytes = 64;
constexpr std::size_t kKeptText = 64;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Bytes that mean something inside a list of values.
constexpr std::array<bool, 256> kMeansSomething = [] {
  std::array<bool, 256> table{};
  for (const char c : {'\'', '"', '`', '(', ')', ';', '-', '#', '/', '*'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

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
    const std::size_t used = run(bridge.data(), bridge.size(), false);
    if (used < kept) {
      carry_ = bridge.substr(used);
      piece.remove_prefix(bridge.size() - kept);
    } else {
      piece.remove_prefix(used - kept);
    }
  }
  if (piece.empty()) return;
  const std::size_t used = run(piece.data(), piece.size(), false);
  carry_ = piece.substr(used);
}

void SqlScanner::finish() {
  const std::string rest = std::exchange(carry_, {});
  run(rest.data(), rest.size(), true);
  if (state_ == State::line_comment) {
    const char newline = '\n';
    run(&newline, 1, true);
  }
  if (state_ != State::top || in_statement_) completed_ = false;
}

// Reads until fewer bytes are left than a decision may need. Returns how many were used.
std::size_t SqlScanner::run(const char* begin, std::size_t size, bool final) {
  piece_begin_ = begin;
  head_from_ = begin;
  const char* const end = begin + size;
  const char* const stop = final || size < kLookAhead ? (final ? end : begin) : end - kLookAhead + 1;
  const char* at = begin;
  // Lookahead past the end of the last piece sees zeros.
  std::string padded;
  if (final) {
    padded.assign(begin, size);
    padded.append(kLookAhead, '\0');
    piece_begin_ = head_from_ = at = padded.data();
  }
  const char* const real_stop = final ? padded.data() + size : stop;
  while (at < real_stop) {
    switch (state_) {
      case State::top:
        at = top(at, real_stop);
        break;
      case State::string:
      case State::name:
        at = string(at, real_stop);
        break;
      case State::line_comment:
      case State::block_comment:
      case State::delimiter_line:
        at = comment_end(at, real_stop);
        break;
      case State::version:
        if (*at >= '0' && *at <= '9') {
          text_ += *at++;
        } else {
          // A version that no server has: only the client reads it.
          const bool never = text_ == "999999";
          if (never && statement_.begin == 0) sandbox_ = true;
          state_ = never ? State::block_comment : State::top;
          if (never) {
            in_statement_ = false;
          } else {
            executable_ = true;
          }
          text_.clear();
        }
        break;
    }
  }
  keep_head(std::max(at, head_from_));
  offset_ = offset_of(at);
  return static_cast<std::size_t>(at - piece_begin_);
}

void SqlScanner::keep_head(const char* to) {
  if (in_statement_ && head_.size() < kHeadBytes) {
    head_.append(head_from_,
                 std::min<std::size_t>(static_cast<std::size_t>(to - head_from_), kHeadBytes - head_.size()));
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
  depth_ = 0;
  word_.clear();
  first_word_ = true;
}

void SqlScanner::end_statement(const char* behind) {
  keep_head(behind);
  statement_.head = head_;
  statement_.end = offset_of(behind);
  longest_ = std::max(longest_, statement_.end - statement_.begin);
  in_statement_ = executable_ = in_values_ = false;
  on_statement_(statement_);
}

void SqlScanner::end_word() {
  if (word_.empty()) return;
  const std::string word = lower_ascii(std::exchange(word_, {}));
  if (first_word_) {
    first_word_ = false;
    counts_rows_ = word == "insert" || word == "replace";
    if (word == "delimiter") {
      state_ = State::delimiter_line;
      in_statement_ = false;
      text_.clear();
    }
  } else if (counts_rows_ && depth_ == 0 && (word == "values" || word == "value")) {
    in_values_ = true;
  }
}

// Between tokens.
const char* SqlScanner::top(const char* at, const char* end) {
  if (in_values_ && depth_ > 0) {
    at = values(at, end);
    if (at == end) return at;
  }
  if (is_word(*at)) {
    if (!in_statement_) start_statement(at);
    while (at < end && is_word(*at)) {
      if (word_.size() < 16) word_ += *at;
      ++at;
    }
    return at;  // the word may go on in the next piece
  }
  end_word();
  if (state_ != State::top) return at;
  if (is_blank(*at)) return at + 1;
  return symbol(at);
}

// A byte that is neither blank nor part of a word. The next bytes may be looked at.
const char* SqlScanner::symbol(const char* at) {
  const char c = *at;
  const bool line_comment = c == '#' || (c == '-' && at[1] == '-' && (is_blank(at[2]) || at[2] == '\0'));
  if (line_comment) {
    state_ = State::line_comment;
    text_.clear();
    return at;
  }
  if (c == '/' && at[1] == '*') {
    const bool maria = at[2] == 'M' && at[3] == '!';
    if (at[2] != '!' && !maria) {
      state_ = State::block_comment;
      return at + 2;
    }
    if (!in_statement_) start_statement(at);
    state_ = State::version;
    text_.clear();
    return at + (maria ? 4 : 3);
  }
  if (executable_ && c == '*' && at[1] == '/') {
    executable_ = false;
    return at + 2;
  }
  if (std::memcmp(at, delimiter_.data(), std::min<std::size_t>(delimiter_.size(), kLookAhead)) == 0) {
    if (!in_statement_) return at + delimiter_.size();  // an empty statement
    end_statement(at + delimiter_.size());
    return at + delimiter_.size();
  }
  if (!in_statement_) start_statement(at);
  first_word_ = false;
  if (c == '\'' || c == '"' || c == '`') {
    state_ = c == '`' ? State::name : State::string;
    quote_ = c;
  } else if (c == '(') {
    if (in_values_ && depth_ == 0) ++statement_.rows;
    ++depth_;
  } else if (c == ')' && depth_ > 0) {
    --depth_;
  }
  return at + 1;
}

// Numbers, NULL, hex and commas between the strings of a row.
const char* SqlScanner::values(const char* at, const char* end) const {
  while (at < end && !kMeansSomething[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

// The rest of a string or a quoted name. A doubled quote reads as the end of one string and the beginning of the next,
// which comes to the same.
const char* SqlScanner::string(const char* at, const char* end) {
  const bool escapes = state_ == State::string;
#ifdef __SSE2__
  const __m128i quotes = _mm_set1_epi8(quote_);
  const __m128i backslashes = _mm_set1_epi8(escapes ? '\\' : quote_);
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, backslashes));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += std::countr_zero(mask);
    if (*at == quote_) {
      state_ = State::top;
      return at + 1;
    }
    if (end - at < 2) return at;
    at += 2;
  }
#endif
  while (at < end) {
    if (*at == quote_) {
      state_ = State::top;
      return at + 1;
    }
    // The escaped byte is within the lookahead.
    at += escapes && *at == '\\' ? 2 : 1;
  }
  return at;
}

const char* SqlScanner::comment_end(const char* at, const char* end) {
  if (state_ == State::block_comment) {
    while (at < end) {
      if (*at == '*' && at[1] == '/') {
        state_ = State::top;
        return at + 2;
      }
      ++at;
    }
    return at;
  }
  const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
  const char* const line_end = newline == nullptr ? end : newline;
  text_.append(at, std::min<std::size_t>(static_cast<std::size_t>(line_end - at),
                                         kKeptText - std::min(kKeptText, text_.size())));
  if (newline == nullptr) return end;
  const std::string_view text = trim(text_);
  if (state_ == State::delimiter_line) {
    if (!text.empty() && text.size() <= kLookAhead) delimiter_ = text;
  } else if (!in_statement_ && text != "--") {
    completed_ = text == "-- Dump completed" || text.starts_with("-- Dump completed on ");
  }
  state_ = State::top;
  return newline + 1;
}

}  // namespace wobackup
