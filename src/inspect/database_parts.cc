#include "inspect/database_parts.h"

namespace wobackup {
namespace {

bool differ(const std::optional<Sha256Digest>& a, const std::optional<Sha256Digest>& b) { return a && b && *a != *b; }

}  // namespace

TableChange change_of(const std::string& database, const DatabaseParts::key_type& key, const char* change) {
  TableChange result;
  result.change = change;
  result.database = database;
  result.kind = key.first;
  result.name = key.second;
  return result;
}

void compare_parts(const std::string& database, const DatabaseParts& before, const DatabaseParts& after,
                   std::vector<TableChange>& changes) {
  for (const auto& [key, part] : before) {
    const auto place = after.find(key);
    if (place == after.end()) {
      changes.push_back(change_of(database, key, "removed"));
      changes.back().before = part.side;
      continue;
    }
    const DatabasePart& other = place->second;
    const bool definition = differ(part.definition, other.definition);
    if (!definition && !differ(part.rows, other.rows) && part.side.rows == other.side.rows) continue;
    changes.push_back(change_of(database, key, "changed"));
    changes.back().definition = definition;
    changes.back().before = part.side;
    changes.back().after = other.side;
  }
  for (const auto& [key, part] : after) {
    if (before.contains(key)) continue;
    changes.push_back(change_of(database, key, "added"));
    changes.back().after = part.side;
  }
}

}  // namespace wobackup
