#include "target/swap/swap_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

std::string text(const SqlRow& row, std::size_t column) {
  return column < row.size() ? row[column].value_or("") : std::string();
}

std::string shown(const std::string& schema, const std::string& table) {
  return printable(schema) + "." + printable(table);
}

[[noreturn]] void refuse(const std::string& child, const std::string& parent, bool whole) {
  throw Error(ErrorKind::failed,
              fmt::format("a foreign key leads from the table {} to {}, and only one of them would be exchanged", child,
                          parent),
              whole ? "drop that foreign key, exchange, and make it again" : "restore both tables together");
}

}  // namespace

// RENAME TABLE takes the references of other tables along: a child that stays would follow its parent into safety.
void check_foreign_keys(DatabaseConnection& connection, const SwapPlan& plan) {
  const std::vector<SqlRow> keys = connection.rows(fmt::format(
      "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM "
      "information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL AND (TABLE_SCHEMA IN ({0}, {1}) OR "
      "REFERENCED_TABLE_SCHEMA IN ({0}, {1}))",
      quoted_text(plan.live), quoted_text(plan.shadow)));
  for (const SqlRow& row : keys) {
    const std::string from = text(row, 0), child = text(row, 1), to = text(row, 2), parent = text(row, 3);
    const auto goes = [&](const std::string& schema, const std::string& table) {
      if (schema == plan.live) return plan.old_content.table(table) != nullptr;
      return schema == plan.shadow && plan.new_content.table(table) != nullptr;
    };
    const bool child_goes = goes(from, child), parent_goes = goes(to, parent);
    // From a database to a third one it may lead as before.
    const bool to_third = child_goes && to != plan.live && to != plan.shadow;
    // A parent that exists nowhere is no worse off than before.
    const bool dangling = plan.whole && child_goes && from == to && !parent_goes;
    if (to_third || dangling || (child_goes && parent_goes && from == to)) continue;
    if (child_goes || parent_goes) refuse(shown(from, child), shown(to, parent), plan.whole);
  }
}

void check_foreign_keys_of(DatabaseConnection& connection, const std::string& live,
                           const std::vector<std::string>& only_tables) {
  const auto goes = [&](const std::string& table) {
    return std::find(only_tables.begin(), only_tables.end(), table) != only_tables.end();
  };
  const std::vector<SqlRow> keys =
      connection.rows(fmt::format("SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_NAME FROM "
                                  "information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA = {}",
                                  quoted_text(live)));
  for (const SqlRow& row : keys) {
    const std::string from = text(row, 0), child = text(row, 1), parent = text(row, 2);
    const bool child_goes = from == live && goes(child);
    if (child_goes != goes(parent)) refuse(shown(from, child), shown(live, parent), false);
  }
}

std::vector<std::string> remarks_on(const SwapPlan& plan) {
  std::vector<std::string> notes;
  for (const SavedSchema* content : {&plan.old_content, &plan.new_content}) {
    for (const SavedObject& object : content->objects) {
      for (const std::string& schema : {plan.live, plan.shadow}) {
        if (!body_names(object, schema)) continue;
        notes.push_back(fmt::format("{} {} in {} names the database {} itself, and goes on doing so",
                                    lower_ascii(sql_word(object.kind)), printable(object.name),
                                    printable(content->schema), printable(schema)));
      }
    }
  }
  return notes;
}

}  // namespace wobackup
