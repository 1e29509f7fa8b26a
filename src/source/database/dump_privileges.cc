#include "source/database/dump_privileges.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// GRANT's database patterns: % and _ are wildcards, a backslash takes them literally.
bool pattern_matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '%') {
    for (std::size_t i = 0; i <= name.size(); ++i) {
      if (pattern_matches(pattern.substr(1), name.substr(i))) return true;
    }
    return false;
  }
  if (name.empty()) return false;
  if (pattern[0] == '_') return pattern_matches(pattern.substr(1), name.substr(1));
  if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return pattern[0] == name[0] && pattern_matches(pattern.substr(1), name.substr(1));
}

// "GRANT a, b ON `db`.* TO ...": adds a and b if it is for this database. False if the line grants a role, whose rights
// are not shown.
bool read_grant(std::string_view line, const std::string& database, std::set<std::string>& privileges) {
  const std::size_t on = line.find(" ON ");
  const std::size_t to = line.rfind(" TO ");
  if (on == std::string_view::npos || to == std::string_view::npos || to < on) return false;
  const std::string_view object = line.substr(on + 4, to - on - 4);
  bool applies = object == "*.*";
  if (object.starts_with('`') && object.ends_with("`.*")) {
    std::string pattern;
    for (const char c : object.substr(1, object.size() - 4)) {
      if (c != '`' || pattern.empty() || pattern.back() != '`') pattern += c;
    }
    applies = pattern_matches(pattern, database);
  }
  if (!applies) return true;
  for (const std::string_view privilege : split(line.substr(6, on - 6), ',')) privileges.emplace(trim(privilege));
  return true;
}

}  // namespace

std::string missing_privileges(DatabaseConnection& connection, const std::string& database) {
  std::set<std::string> privileges;
  for (const SqlRow& row : connection.rows("SHOW GRANTS")) {
    if (!row.empty() && row[0] && !read_grant(*row[0], database, privileges)) return {};
  }
  if (privileges.contains("ALL PRIVILEGES") || privileges.contains("ALL")) return {};
  std::string missing;
  for (const char* needed : {"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"}) {
    if (!privileges.contains(needed)) missing += (missing.empty() ? "" : ", ") + std::string(needed);
  }
  return missing;
}

}  // namespace wobackup
