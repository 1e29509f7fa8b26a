#include "target/swap/swap_privileges.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/text.h"
#include "target/swap/swap_session.h"

namespace wobackup {
namespace {

constexpr std::array<const char*, 13> kNeeded{"SELECT",         "INSERT",        "CREATE",    "DROP",  "ALTER",
                                              "LOCK TABLES",    "CREATE VIEW",   "SHOW VIEW", "EVENT", "TRIGGER",
                                              "CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE"};

std::set<std::string> values(DatabaseConnection& connection, const std::string& sql) {
  std::set<std::string> found;
  connection.query(sql, [&](const SqlRow& row) {
    if (!row.empty() && row[0]) found.insert(*row[0]);
  });
  return found;
}

// The grantees whose rights are ours, as information_schema spells them: 'user'@'host', and the role.
std::string grantees() {
  std::string list =
      "(CONCAT('''', SUBSTRING_INDEX(CURRENT_USER(), '@', 1), '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')";
  return list + ", CONCAT('''', IFNULL(CURRENT_ROLE(), ''), '''@'''''))";
}

// Objects of the database that belong to somebody else can only be made again by who may give objects away.
std::string foreign_definer(DatabaseConnection& connection, const std::string& live) {
  const std::string in = " = " + quoted_text(live) + " AND DEFINER <> CURRENT_USER()";
  return first_value(connection, "SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA" + in +
                                     " UNION SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA" + in +
                                     " UNION SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA" +
                                     in + " UNION SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA" +
                                     in + " LIMIT 1");
}

std::set<std::string> rights_everywhere(DatabaseConnection& connection) {
  return values(connection,
                "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE IN " + grantees());
}

// "DROP, ALTER on `shop`.*"
void add_missing(DatabaseConnection& connection, const std::string& schema, const std::set<std::string>& everywhere,
                 const char* more, std::vector<std::string>& missing) {
  const std::set<std::string> here =
      values(connection, "SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE IN " +
                             grantees() + " AND " + quoted_text(schema) + " LIKE TABLE_SCHEMA");
  std::vector<const char*> needed(kNeeded.begin(), kNeeded.end());
  if (more != nullptr) needed.push_back(more);
  std::string lacks;
  for (const char* privilege : needed) {
    if (everywhere.contains(privilege) || here.contains(privilege)) continue;
    lacks += (lacks.empty() ? "" : ", ") + std::string(privilege);
  }
  if (!lacks.empty()) missing.push_back(fmt::format("{} on {}.*", lacks, printable(quoted_name(schema))));
}

}  // namespace

std::vector<std::string> missing_load_privileges(DatabaseConnection& connection, const std::string& live) {
  std::vector<std::string> missing;
  add_missing(connection, live, rights_everywhere(connection), "DELETE", missing);
  return missing;
}

std::vector<std::string> missing_swap_privileges(DatabaseConnection& connection, const std::string& live,
                                                 const std::string& new_schema) {
  const std::set<std::string> everywhere = rights_everywhere(connection);
  std::vector<std::string> missing;
  for (const std::string& schema : {live, new_schema}) add_missing(connection, schema, everywhere, nullptr, missing);
  const bool gives_away = everywhere.contains("SUPER") || everywhere.contains("SET USER") ||
                          everywhere.contains("SET_USER_ID") || everywhere.contains("SET_ANY_DEFINER");
  const std::string owner = gives_away ? std::string() : foreign_definer(connection, live);
  if (!owner.empty()) missing.push_back("SET USER on *.*, since parts of the database belong to " + printable(owner));
  return missing;
}

}  // namespace wobackup
