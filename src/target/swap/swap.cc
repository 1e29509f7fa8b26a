#include "target/swap/swap.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>

#include "base/text.h"
#include "target/swap/lock_report.h"
#include "target/swap/object_arranger.h"
#include "target/swap/schema_reader.h"
#include "target/swap/swap_checks.h"
#include "target/swap/swap_plan.h"
#include "target/swap/table_exchange.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// For what a killed process left behind on the server: its statement waits a few seconds for locks at most.
constexpr std::chrono::seconds kEndOfOthers{60};

// The definitions were changed by somebody else after they had been saved: to be saved again.
struct ChangedMeanwhile {};

void log(const LogSink& sink, LogLevel level, const std::string& text) {
  if (sink) sink(level, text);
}

void pause_for(std::chrono::milliseconds time, const Cancellation& cancellation) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  ended.wait_for(lock, cancellation.token(), time, [] { return false; });
  cancellation.check();
}

[[noreturn]] void throw_locked(SwapSession& session, const SwapPlan& plan) {
  const std::string who = who_blocks(session.connection(), plan.live, session.id());
  throw Error(ErrorKind::locked,
              fmt::format("the tables of {} stay in use{}", printable(plan.live), who.empty() ? "" : ": " + who),
              "wait until that has ended, or end it, and try again", true);
}

// Runs `attempt` until no lock stops it, at most `retries` times more.
template <class Attempt>
void patiently(SwapSession& session, const SwapPlan& plan, const LockPatience& patience,
               const Cancellation& cancellation, const Attempt& attempt) {
  for (unsigned tried = 0;; ++tried) {
    try {
      return attempt();
    } catch (const Error& error) {
      if (!is_lock_wait(error)) throw;
      if (tried >= patience.retries) throw_locked(session, plan);
    }
    pause_for(patience.pause, cancellation);
  }
}

void make_safety(DatabaseConnection& connection, const SwapPlan& plan) {
  connection.execute(fmt::format("CREATE DATABASE IF NOT EXISTS {} CHARACTER SET {} COLLATE {}",
                                 quoted_name(plan.safety), plan.character_set, plan.collation));
}

std::vector<std::string> bring_to(SwapSession& session, const SwapPlan& plan, SwapSide side,
                                  const LockPatience& patience, const Cancellation& cancellation) {
  std::vector<std::string> notes;
  make_safety(session.connection(), plan);
  patiently(session, plan, patience, cancellation, [&] {
    move_tables(session, plan, side, [] {});
    arrange_objects(session, plan, side, notes);
  });
  return notes;
}

// A server that is killed while it renames a table of several files leaves these in two folders. The numbers: no such
// file, cannot rename, no list of partitions.
bool is_half_a_table(const Error& error) {
  return error.message().ends_with("(1017)") || error.message().ends_with("(1025)") ||
         error.message().ends_with("(1696)");
}

std::vector<std::string> bring_to(const ServerLogin& login, const Json& saved, SwapSide side,
                                  const LockPatience& patience, const Cancellation& cancellation) {
  const SwapPlan plan = swap_plan_of(saved);
  SwapSession session(login, plan.live, patience.lock_wait, kEndOfOthers, cancellation);
  try {
    return bring_to(session, plan, side, patience, cancellation);
  } catch (const Error& error) {
    if (!is_half_a_table(error)) throw;
    throw Error(
        error.kind(), error.message(),
        fmt::format("if the database server was killed meanwhile, it left files of this table in two of the folders "
                    "of {}, {} and {}: stop it, put them together, start it, and try again",
                    printable(plan.live), printable(plan.shadow), printable(plan.safety)));
  }
}

void check_request(const SwapRequest& request, DatabaseConnection& connection) {
  const std::set<std::string> names{request.live, request.shadow, request.safety};
  if (names.size() != 3) throw Error(ErrorKind::usage, "live, shadow and safety are not three databases");
  for (const std::string& schema : {request.live, request.shadow}) {
    if (!schema_exists(connection, schema)) {
      throw Error(ErrorKind::not_found, "no such database: " + printable(schema));
    }
  }
  if (!read_names(connection, request.safety).empty()) {
    throw Error(ErrorKind::usage, "the database " + printable(request.safety) + " is not empty");
  }
}

// In safety views may belong to us, and events rest: what they really are was saved. All else is as it was saved.
void restore_definitions(const Json& saved, SavedSchema& content) {
  const SavedSchema original = swap_plan_of(saved).old_content;
  content.objects = original.objects;
  for (SavedObject& object : content.objects) {
    if (object.kind == ObjectKind::view) object.create = with_schema(object.create, original.schema, content.schema);
  }
}

// In place of what stands in for them in shadow.
void add_foreign_views(const std::vector<SavedObject>& views, SavedSchema& content) {
  for (const SavedObject& view : views) {
    std::erase_if(content.objects, [&](const SavedObject& object) {
      return object.kind == ObjectKind::view && object.name == view.name;
    });
    content.objects.push_back(view);
  }
}

SwapPlan make_plan(SwapSession& session, const SwapRequest& request) {
  SwapPlan plan;
  plan.live = request.live;
  plan.shadow = request.shadow;
  plan.safety = request.safety;
  plan.whole = request.only_tables.empty();
  plan.undo = request.undone.has_value();
  plan.site_user = request.site_user;
  plan.event_status = request.event_status;
  const std::string of_live = " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = " + quoted_text(plan.live);
  plan.character_set = first_value(session.connection(), "SELECT DEFAULT_CHARACTER_SET_NAME" + of_live);
  plan.collation = first_value(session.connection(), "SELECT DEFAULT_COLLATION_NAME" + of_live);
  const std::set<std::string> only(request.only_tables.begin(), request.only_tables.end());
  plan.old_content = read_schema(session, plan.live, only);
  plan.new_content = read_schema(session, plan.shadow, only);
  if (request.undone) restore_definitions(*request.undone, plan.new_content);
  add_foreign_views(request.foreign_views, plan.new_content);
  for (const std::string& table : only) {
    if (plan.old_content.table(table) == nullptr && plan.new_content.table(table) == nullptr) {
      throw Error(ErrorKind::not_found, "no such table: " + printable(table));
    }
  }
  if (plan.old_content.tables.empty() && plan.new_content.tables.empty()) {
    throw Error(ErrorKind::usage, "there are no tables to exchange");
  }
  check_foreign_keys(session.connection(), plan);
  return plan;
}

// Whether live holds what was saved, by names: asked in the last moment.
void check_unchanged(DatabaseConnection& connection, const SwapPlan& plan) {
  const SchemaNames now = read_names(connection, plan.live);
  SchemaNames saved;
  for (const SavedTable& table : plan.old_content.tables) saved.tables.insert(table.name);
  for (const SavedObject& object : plan.old_content.objects) {
    if (object.kind == ObjectKind::view) {
      saved.views.insert(object.name);
    } else if (object.kind == ObjectKind::trigger) {
      saved.triggers.emplace(object.table, object.name);
    } else {
      saved.others.emplace(object.kind, object.name);
    }
  }
  const auto holds = [](const auto& all, const auto& some) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
  };
  const bool same = plan.whole ? now.tables == saved.tables && now.views == saved.views &&
                                     now.triggers == saved.triggers && now.others == saved.others
                               : holds(now.tables, saved.tables) && holds(now.triggers, saved.triggers);
  if (!same) throw ChangedMeanwhile{};
}

// On a connection of its own, since the first may be gone, and not to be interrupted.
void take_back_after(const Error& error, const SwapRequest& request, const SwapPlan& plan) {
  try {
    const Cancellation never;
    SwapSession session(request.login, plan.live, request.patience.lock_wait, kEndOfOthers, never);
    for (const std::string& note : bring_to(session, plan, SwapSide::before, request.patience, never)) {
      log(request.log, LogLevel::warning, note);
    }
    static_cast<void>(drop_if_empty(session.connection(), plan.safety));
  } catch (const Error& second) {
    throw Error(ErrorKind::rollback_failed,
                fmt::format("{}; and the way back failed too: {}", error.message(), second.message()),
                "the definitions are saved: take the swap back once the server allows it");
  }
}

// If the tables stay in use, their triggers come back at once.
void move_or_mend(SwapSession& session, const SwapPlan& plan) {
  try {
    move_tables(session, plan, SwapSide::after, [&] { check_unchanged(session.connection(), plan); });
  } catch (const Error& error) {
    std::vector<std::string> notes;
    if (is_lock_wait(error)) arrange_objects(session, plan, SwapSide::before, notes);
    throw;
  }
}

void note_new_tables(DatabaseConnection& connection, const SwapPlan& plan, std::vector<std::string>& notes) {
  if (!plan.whole) return;
  for (const std::string& table : read_names(connection, plan.live).tables) {
    if (plan.new_content.table(table) == nullptr) {
      notes.push_back("the table " + printable(table) + " was made during the exchange, and stays in " +
                      printable(plan.live));
    }
  }
}

void exchange(SwapSession& session, const SwapRequest& request, const SwapPlan& plan, SwapResult& result,
              const Cancellation& cancellation) {
  make_safety(session.connection(), plan);
  prepare_defaults(session, plan);
  move_or_mend(session, plan);
  patiently(session, plan, request.patience, cancellation,
            [&] { arrange_objects(session, plan, SwapSide::after, result.notes); });
  note_new_tables(session.connection(), plan, result.notes);
}

// One attempt, from the saving of the definitions to the end. False if somebody was in the way and all is as it was.
bool attempt_swap(const SwapRequest& request, SwapPlan& plan, SwapResult& result, const Cancellation& cancellation) {
  std::optional<Error> failed;
  bool begun = false;
  try {
    SwapSession session(request.login, request.live, request.patience.lock_wait, kEndOfOthers, cancellation);
    check_request(request, session.connection());
    plan = make_plan(session, request);
    result.saved = json_of(plan);
    if (!plan.undo) result.notes = remarks_on(plan);
    if (request.persist) request.persist(result.saved);
    begun = true;
    exchange(session, request, plan, result, cancellation);
    return true;
  } catch (const ChangedMeanwhile&) {
    failed = Error(ErrorKind::locked, "the definitions in " + printable(request.live) + " keep changing", {}, true);
  } catch (const Error& error) {
    if (!begun) throw;
    failed = error;
  }
  take_back_after(*failed, request, plan);
  const bool try_again = is_lock_wait(*failed) || failed->kind() == ErrorKind::locked;
  if (!try_again) throw Error(*failed);
  return false;
}

}  // namespace

SwapResult swap(const SwapRequest& request, const Cancellation& cancellation) {
  SwapPlan plan;
  SwapResult result;
  for (unsigned tried = 0; !attempt_swap(request, plan, result, cancellation); ++tried) {
    if (tried >= request.patience.retries) {
      SwapSession session(request.login, request.live, request.patience.lock_wait, kEndOfOthers, cancellation);
      throw_locked(session, plan);
    }
    log(request.log, LogLevel::info, "tables are in use; trying again");
    pause_for(request.patience.pause, cancellation);
  }
  return result;
}

std::string_view name_of(SwapState state) noexcept {
  switch (state) {
    case SwapState::not_begun:
      return "not_begun";
    case SwapState::triggers_dropped:
      return "triggers_dropped";
    case SwapState::exchanged:
      return "exchanged";
    case SwapState::done:
      return "done";
    case SwapState::torn:
      break;
  }
  return "torn";
}

SwapState swap_state(const ServerLogin& login, const Json& saved, const Cancellation& cancellation) {
  const SwapPlan plan = swap_plan_of(saved);
  SwapSession session(login, plan.live, std::chrono::seconds(1), kEndOfOthers, cancellation);
  if (moves_to(session.connection(), plan, SwapSide::before).empty()) {
    return objects_arranged(session, plan, SwapSide::before) ? SwapState::not_begun : SwapState::triggers_dropped;
  }
  if (moves_to(session.connection(), plan, SwapSide::after).empty()) {
    return objects_arranged(session, plan, SwapSide::after) ? SwapState::done : SwapState::exchanged;
  }
  return SwapState::torn;
}

std::vector<std::string> finish_swap(const ServerLogin& login, const Json& saved, const LockPatience& patience,
                                     const Cancellation& cancellation) {
  return bring_to(login, saved, SwapSide::after, patience, cancellation);
}

std::vector<std::string> take_back_swap(const ServerLogin& login, const Json& saved, const LockPatience& patience,
                                        const Cancellation& cancellation) {
  return bring_to(login, saved, SwapSide::before, patience, cancellation);
}

SwapRequest undo_of(const ServerLogin& login, const Json& saved, const std::string& new_safety) {
  const SwapPlan plan = swap_plan_of(saved);
  SwapRequest request;
  request.login = login;
  request.live = plan.live;
  request.shadow = plan.safety;
  request.safety = new_safety;
  if (!plan.whole) {
    for (const SavedSchema* content : {&plan.old_content, &plan.new_content}) {
      for (const SavedTable& table : content->tables) request.only_tables.push_back(table.name);
    }
  }
  request.undone = saved;
  return request;
}

EventStatus event_status_before(const Json& saved) {
  EventStatus status;
  for (const SavedObject& object : swap_plan_of(saved).old_content.objects) {
    if (object.kind == ObjectKind::event) status.emplace(object.name, object.status);
  }
  return status;
}

bool drop_if_empty(DatabaseConnection& connection, const std::string& schema) {
  if (!schema_exists(connection, schema)) return true;
  if (!read_names(connection, schema).empty()) return false;
  connection.execute("DROP DATABASE " + quoted_name(schema));
  return true;
}

}  // namespace wobackup
