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
      watcher_(login_, "", never_) {
  watcher_.execute("SET SESSION lock_wait_timeout = 0");
}

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

// To prepare a statement takes the weakest lock there is: our own WRITE lock lets it pass, a RENAME that has the table
// or waits for it does not.
bool HeldTables::renamer_is_at(const std::string& table) {
  const std::string select = "SELECT 1 FROM " + quoted_name(live_) + "." + quoted_name(table);
  return watcher_.error_of("PREPARE wobackup_probe FROM " + quoted_text(select)).has_value();
}

void HeldTables::let_go(const std::atomic<bool>& renamed) {
  const auto wait_for_renamer = [&](const std::string& table) {
    while (!renamed && !renamer_is_at(table)) std::this_thread::sleep_for(kLookEvery);
  };
  wait_for_renamer(tables_.front());
  if (!renamed) after_ = ask();
  wait_until([&] { return renamed || lined_up(watcher_, after_); });
  // There are none if the triggers were gone already: then nothing was locked.
  for (std::size_t i = 0; i < before_.size(); ++i) {
    wait_for_renamer(tables_[i]);
    before_[i]->release();
  }
}

void HeldTables::rename(SwapSession& session, const std::string& sql) {
  std::atomic<bool> renamed = false;
  std::exception_ptr failed;
  {
    const std::jthread usher([&] {
      try {
        let_go(renamed);
      } catch (const std::exception&) {
        // Then nobody waits behind the RENAME, but those before it must still let go.
      }
      for (const auto& hold : before_) hold->release();
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
