// Gives the events of a dump other states than they have in the database that is dumped.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "database/event_status.h"
#include "database/sql_scanner.h"

namespace wobackup {

/// Passes a dump on as it comes. A database that was displaced has its events switched off, so that none runs; whoever
/// loads its dump wants them as they were. Events that are not named pass as they are. Holds back no more than one
/// CREATE EVENT. Used from one thread.
class EventStates {
 public:
  EventStates(EventStatus states, std::function<void(ByteSpan)> next);
  EventStates(const EventStates&) = delete;
  EventStates& operator=(const EventStates&) = delete;

  void write(ByteSpan bytes);
  /// The last bytes.
  void finish();

 private:
  void note(const SqlStatement& statement);
  void pass(std::uint64_t end);
  [[nodiscard]] std::uint64_t undecided() const;
  [[nodiscard]] std::string with_state(const std::string& create) const;

  struct Event {
    std::uint64_t begin, end;  // its text
  };

  const EventStatus states_;
  const std::function<void(ByteSpan)> next_;
  SqlScanner scanner_;
  QuoteRules quotes_;
  std::vector<Event> events_;  // seen whole, and not passed on
  std::string held_;
  std::uint64_t held_begin_ = 0;
};

}  // namespace wobackup
