#include "inspect/database_difference.h"

#include <map>
#include <utility>

#include "inspect/dump_entry.h"
#include "inspect/dumped_parts.h"

namespace wobackup {
namespace {

void compare_dumps(const ArchiveReader& before, const ManifestEntry* a, const ArchiveReader& after,
                   const ManifestEntry* b, std::vector<TableChange>& changes) {
  if (a == nullptr && b == nullptr) return;
  const std::string& name = a != nullptr ? a->entry.path : b->entry.path;
  if (a != nullptr && b != nullptr && a->sha256 && a->sha256 == b->sha256) return;
  if ((a != nullptr && is_sqlite(*a)) || (b != nullptr && is_sqlite(*b))) {
    TableChange change = change_of(name, {"file", name}, a == nullptr ? "added" : b == nullptr ? "removed" : "changed");
    if (a != nullptr) change.before = {0, a->entry.size};
    if (b != nullptr) change.after = {0, b->entry.size};
    changes.push_back(std::move(change));
    return;
  }
  compare_parts(name, a != nullptr ? dumped_parts(before, *a) : DatabaseParts{},
                b != nullptr ? dumped_parts(after, *b) : DatabaseParts{}, changes);
}

}  // namespace

std::vector<TableChange> database_difference(const ArchiveReader& before, const ArchiveReader& after) {
  const std::vector<ManifestEntry> a = dump_entries(before), b = dump_entries(after);
  const auto key = [](const ManifestEntry& dump) { return is_own_dump(dump) ? std::string() : dump.entry.path; };
  std::map<std::string, std::pair<const ManifestEntry*, const ManifestEntry*>> pairs;
  for (const ManifestEntry& dump : a) pairs[key(dump)].first = &dump;
  for (const ManifestEntry& dump : b) pairs[key(dump)].second = &dump;
  std::vector<TableChange> changes;
  for (const auto& [name, pair] : pairs) compare_dumps(before, pair.first, after, pair.second, changes);
  return changes;
}

}  // namespace wobackup
