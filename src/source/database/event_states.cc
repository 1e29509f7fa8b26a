#include "source/database/event_states.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "database/sql_cursor.h"

namespace wobackup {
namespace {

// A scanner is behind what it was given by less than that.
constexpr std::size_t kLag = 128;

enum class IsEvent { no, yes, unknown };

// By a statement's first bytes.
IsEvent is_event(std::string_view head) {
  constexpr std::array<std::string_view, 7> kOthers{"table",     "view",    "trigger", "function",
                                                    "procedure", "package", "sequence"};
  SqlHead tokens(head);
  const std::optional<SqlHead::Token> verb = tokens.next();
  if (verb && !verb->is_word("create"))
    return std::string_view("create").starts_with(verb->text) ? IsEvent::unknown : IsEvent::no;
  while (const std::optional<SqlHead::Token> token = tokens.next()) {
    if (token->is_word("event")) return IsEvent::yes;
    if (token->kind == SqlHead::Kind::word && std::find(kOthers.begin(), kOthers.end(), token->text) != kOthers.end()) {
      return IsEvent::no;
    }
  }
  return head.size() < SqlScanner::kHeadBytes ? IsEvent::unknown : IsEvent::no;
}

}  // namespace

EventStates::EventStates(EventStatus states, std::function<void(ByteSpan)> next)
    : states_(std::move(states)),
      next_(std::move(next)),
      scanner_([this](const SqlStatement& statement) { note(statement); }) {}

void EventStates::note(const SqlStatement& statement) {
  if (statement.is_delimiter_line) return;
  if (const auto rules = quote_rules_set_by(statement.head)) quotes_ = *rules;
  if (is_event(statement.head) == IsEvent::yes) events_.push_back({statement.begin, statement.text_end});
}

void EventStates::write(ByteSpan bytes) {
  if (states_.empty()) return next_(bytes);
  held_ += text_of(bytes);
  scanner_.feed(bytes);
  pass(undecided());
}

void EventStates::finish() {
  if (states_.empty()) return;
  scanner_.finish();
  pass(held_begin_ + held_.size());
}

// Where what must be held back begins.
std::uint64_t EventStates::undecided() const {
  const std::uint64_t end = held_begin_ + held_.size();
  const std::uint64_t seen = std::max(held_begin_, end - std::min<std::uint64_t>(end, kLag));
  const std::optional<SqlScanner::OpenStatement> open = scanner_.open_statement();
  if (!open || is_event(open->head) == IsEvent::no) return seen;
  return std::clamp(open->begin, held_begin_, seen);
}

void EventStates::pass(std::uint64_t end) {
  const auto give = [this](std::uint64_t to) {
    const auto size = static_cast<std::size_t>(to - held_begin_);
    next_(bytes_of(std::string_view(held_).substr(0, size)));
    held_.erase(0, size);
    held_begin_ = to;
  };
  for (const Event& event : std::exchange(events_, {})) {
    give(event.begin);
    const auto size = static_cast<std::size_t>(event.end - event.begin);
    next_(bytes_of(with_state(held_.substr(0, size))));
    held_.erase(0, size);
    held_begin_ = event.end;
  }
  if (end > held_begin_) give(end);
}

// EVENT name ... ON COMPLETION [NOT] PRESERVE state
std::string EventStates::with_state(const std::string& create) const {
  SqlCursor cursor(create, quotes_);
  const auto skip_past = [&cursor](std::string_view word) {
    while (const auto piece = cursor.next()) {
      if (piece->is_word(word)) return true;
    }
    return false;
  };
  if (!skip_past("EVENT")) return create;
  const std::optional<SqlPiece> name = cursor.next();
  const auto state = name ? states_.find(name->value()) : states_.end();
  if (state == states_.end() || !skip_past("COMPLETION") || !skip_past("PRESERVE")) return create;
  const std::optional<SqlPiece> first = cursor.next();
  if (!first || !(first->is_word("ENABLE") || first->is_word("DISABLE"))) return create;
  std::size_t end = first->end;
  if (const auto on = cursor.next(); first->is_word("DISABLE") && on && on->is_word("ON")) {
    if (const auto whom = cursor.next()) end = whom->end;
  }
  return create.substr(0, first->begin) + std::string(event_status_word(state->second)) + create.substr(end);
}

}  // namespace wobackup
