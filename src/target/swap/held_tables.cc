#include "target/swap/held_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::chrono::milliseconds kLookEvery{2};
constexpr std::chrono::milliseconds kMostWaiting{1000};  // for others to line up
constexpr std::chrono::milliseconds kMoveOn{10};         // time for the RENAME to ask for its next table

using Clock = std::chrono::steady_clock;

void wait_until(const std::function<bool()>& so) {
  for (const auto end = Clock::now() + kMostWaiting; !so() && Clock::now() < end;) {
    std::this_thread::sleep_for(kLookEvery);
  }
}

bool any_in(const std::vector<std::unique_ptr<TableHold>>& holds, TableHold::State state) {
  return std::any_of(holds.begin(), holds.end(), [state](const auto& hold) { return hold->state() == state; });
}

// Whether the server lets this connection wait for a lock.
bool waits(DatabaseConnection& watcher, const std::string& id) {
  return !id.empty() &&
         !first_value(watcher,
                      "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for%lock' "
                      "AND ID = " +
                          id)
              .empty();
}

// All that still ask are known to wait.
bool lined_up(DatabaseConnection& watcher, const std::vector<std::unique_ptr<TableHold>>& holds) {
  return std::all_of(holds.begin(), holds.end(), [&](const auto& hold) {
    const TableHold::State state = hold->state();
    if (state == TableHold::State::starting) return false;
    return state != TableHold::State::asking || waits(watcher, hold->id());
  });
}

}  // namespace

HeldTables::HeldTables(const SwapSession& session, std::string live, const std::set<std::string>& tables)
    : login_(session.login()),
      lock_wait_(session.lock_wait()),
      live_(std::move(live)),
      tables_(tables.begin(), tables.end()),
      watcher_(login_, "", never_) {}

HeldTables::Holds HeldTables::ask() const {
  Holds holds;
  for (const std::string& table : tables_) {
    holds.push_back(std::make_unique<TableHold>(login_, live_, table, lock_wait_));
  }
  return holds;
}

void HeldTables::take_from(SwapSession& session) {
  before_ = ask();
  wait_until([this] { return lined_up(watcher_, before_); });
  session.connection().execute("UNLOCK TABLES");
  wait_until(
      [this] { return !any_in(before_, TableHold::State::starting) && !any_in(before_, TableHold::State::asking); });
}

void HeldTables::rename(SwapSession& session, const std::string& sql) {
  std::atomic<bool> renamed = false;
  std::exception_ptr failed;
  {
    const std::jthread usher([&] {
      try {
        wait_until([&] { return renamed || waits(watcher_, session.id()); });
        if (!renamed) after_ = ask();
        wait_until([&] { return renamed || lined_up(watcher_, after_); });
      } catch (const std::exception&) {
        // Then nobody waits behind the RENAME, but those before it must still let go.
      }
      for (const auto& hold : before_) {
        hold->release();
        std::this_thread::sleep_for(kMoveOn);
      }
      // Whoever has slipped in before the RENAME would stop it.
      while (!renamed) {
        for (const auto& hold : after_) {
          if (hold->state() == TableHold::State::held && waits(watcher_, session.id())) hold->release();
        }
        std::this_thread::sleep_for(kLookEvery);
      }
    });
    try {
      session.connection().execute(sql);
    } catch (const Error&) {
      failed = std::current_exception();
    }
    renamed = true;
  }
  before_.clear();
  if (failed) std::rethrow_exception(failed);
}

void HeldTables::give(SwapSession& session, const std::string& table, const std::function<void()>& work) {
  const auto found = std::find(tables_.begin(), tables_.end(), table);
  TableHold* hold = nullptr;
  if (found != tables_.end() && !after_.empty()) {
    hold = after_[static_cast<std::size_t>(found - tables_.begin())].get();
  }
  if (hold == nullptr) return work();
  bool locked = false;
  {
    const std::jthread usher([&] {
      try {
        wait_until([&] { return waits(watcher_, session.id()) || hold->state() == TableHold::State::over; });
      } catch (const std::exception&) {
        // It must let go all the same.
      }
      hold->release();
    });
    locked = !session.connection().error_of("LOCK TABLES " + quoted_name(live_) + "." + quoted_name(table) + " WRITE");
  }
  if (!locked) return work();
  try {
    work();
  } catch (const Error&) {
    static_cast<void>(session.connection().error_of("UNLOCK TABLES"));
    throw;
  }
  session.connection().execute("UNLOCK TABLES");
}

}  // namespace wobackup
