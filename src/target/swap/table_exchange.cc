#include "target/swap/table_exchange.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "target/swap/schema_reader.h"
#include "target/swap/stand_ins.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

std::string full_name(const std::string& schema, const std::string& name) {
  return quoted_name(schema) + "." + quoted_name(name);
}

struct Obstacle {
  std::string schema, table, name;
};

bool is_saved(const SwapPlan& plan, ObjectKind kind, const std::string& name) {
  return plan.old_content.object(kind, name) != nullptr || plan.new_content.object(kind, name) != nullptr;
}

// The triggers of tables that are to move. What was not saved would be lost.
std::vector<Obstacle> triggers_on(DatabaseConnection& connection, const SwapPlan& plan,
                                  const std::vector<TableMove>& moves,
                                  const std::function<bool(const std::string&)>& in_schema) {
  std::set<std::pair<std::string, std::string>> moving;
  std::set<std::string> schemas;
  for (const TableMove& move : moves) {
    if (!in_schema(move.from)) continue;
    moving.emplace(move.from, move.table);
    schemas.insert(move.from);
  }
  std::vector<Obstacle> found;
  for (const std::string& schema : schemas) {
    for (const auto& [table, name] : read_names(connection, schema).triggers) {
      if (!moving.contains({schema, table})) continue;
      if (!is_saved(plan, ObjectKind::trigger, name)) {
        throw Error(ErrorKind::failed,
                    fmt::format("the table {}.{} has got a trigger meanwhile: {}", printable(schema), printable(table),
                                printable(name)),
                    "drop it if it is not needed, and try again");
      }
      found.push_back({schema, table, name});
    }
  }
  return found;
}

std::vector<Obstacle> views_in_the_way(DatabaseConnection& connection, const SwapPlan& plan,
                                       const std::vector<TableMove>& moves) {
  std::vector<Obstacle> found;
  const std::set<std::string> views = read_names(connection, plan.live).views;
  for (const TableMove& move : moves) {
    if (move.to != plan.live || !views.contains(move.table)) continue;
    if (!is_saved(plan, ObjectKind::view, move.table)) {
      throw Error(ErrorKind::failed, fmt::format("a view has taken the name of the table {}", printable(move.table)));
    }
    found.push_back({move.to, {}, move.table});
  }
  return found;
}

std::string rename_statement(const std::vector<TableMove>& moves) {
  std::string sql = "RENAME TABLE ";
  for (const TableMove& move : moves) {
    if (&move != moves.data()) sql += ", ";
    sql += full_name(move.from, move.table) + " TO " + full_name(move.to, move.table);
  }
  return sql;
}

// All tables that leave live, not only those with triggers: if one is in use we learn it before a trigger is missing.
// False if the server cannot lock them, as with a trigger that uses what does not exist.
bool lock_leaving(DatabaseConnection& connection, const SwapPlan& plan, const std::vector<TableMove>& moves) {
  std::string sql;
  for (const TableMove& move : moves) {
    if (move.from != plan.live) continue;
    sql += (sql.empty() ? "LOCK TABLES " : ", ") + full_name(move.from, move.table) + " WRITE";
  }
  try {
    connection.execute(sql);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::dump || is_lock_wait(error)) throw;
    return false;
  }
}

void drop_triggers(DatabaseConnection& connection, const std::vector<Obstacle>& triggers) {
  for (const Obstacle& trigger : triggers) {
    connection.execute("DROP TRIGGER IF EXISTS " + full_name(trigger.schema, trigger.name));
  }
}

}  // namespace

void move_tables(SwapSession& session, const SwapPlan& plan, SwapSide side, const std::function<void()>& unchanged) {
  DatabaseConnection& connection = session.connection();
  // What a killed run has left would be in the way of a table of that name.
  for (const std::string& schema : {plan.live, plan.shadow, plan.safety}) StandIns(connection, plan, schema).drop();
  const std::vector<TableMove> moves = moves_to(connection, plan, side);
  if (moves.empty()) return;
  const std::vector<Obstacle> views = views_in_the_way(connection, plan, moves);
  unchanged();
  for (const Obstacle& view : views) connection.execute("DROP VIEW IF EXISTS " + full_name(view.schema, view.name));
  drop_triggers(connection, triggers_on(connection, plan, moves, [&](auto& schema) { return schema != plan.live; }));
  const auto in_live = [&](const std::string& schema) { return schema == plan.live; };
  const bool locked = !triggers_on(connection, plan, moves, in_live).empty() && lock_leaving(connection, plan, moves);
  try {
    drop_triggers(connection, triggers_on(connection, plan, moves, in_live));
  } catch (...) {
    if (locked) static_cast<void>(connection.error_of("UNLOCK TABLES"));
    throw;
  }
  if (locked) connection.execute("UNLOCK TABLES");
  connection.execute(rename_statement(moves));
}

}  // namespace wobackup
