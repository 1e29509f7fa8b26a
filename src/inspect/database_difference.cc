#include "inspect/database_difference.h"

#include <algorithm>
#include <map>
#include <utility>

#include "inspect/dump_entry.h"
#include "inspect/sql_parts.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestDefinition = std::size_t{1} << 20U;

// What is known of one object of a dump.
struct Part {
  TableChange::Side side;
  Sha256 definition_hash;
  std::string definition;  // its beginning, while it is read
  Sha256 data_hash;
  Sha256Digest definition_sum{}, data_sum{};
};
using Parts = std::map<std::pair<std::string, std::string>, Part>;  // by kind and name

struct Range {
  ByteRange bytes;
  Part* part;
  bool is_data;
};

// A table's definition tells its next number, too, which comes from its rows.
std::string without_counter(std::string text) {
  constexpr std::string_view kCounter = " AUTO_INCREMENT=";
  const std::size_t at = text.rfind(kCounter);
  if (at == std::string::npos) return text;
  std::size_t end = at + kCounter.size();
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return text.erase(at, end - at);
}

// Gives each range's bytes to its part as the dump passes by.
class RangeReader {
 public:
  explicit RangeReader(std::vector<Range> ranges) : ranges_(std::move(ranges)) {
    std::erase_if(ranges_, [](const Range& range) { return range.bytes.begin == range.bytes.end; });
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return a.bytes.begin < b.bytes.begin; });
    for (std::size_t i = 1; i < ranges_.size(); ++i) {
      if (ranges_[i].bytes.begin < ranges_[i - 1].bytes.end) {
        throw Error(ErrorKind::verification, "the manifest is damaged: a dump's ranges overlap");
      }
    }
  }
  void take(ByteSpan bytes) {
    const std::uint64_t end = at_ + bytes.size();
    for (; next_ < ranges_.size() && ranges_[next_].bytes.begin < end; ++next_) {
      const Range& range = ranges_[next_];
      const std::uint64_t from = std::max(at_, range.bytes.begin), to = std::min(end, range.bytes.end);
      give(range, bytes.subspan(static_cast<std::size_t>(from - at_), static_cast<std::size_t>(to - from)));
      if (range.bytes.end > end) break;
    }
    at_ = end;
  }

 private:
  static void give(const Range& range, ByteSpan bytes) {
    if (range.is_data) return range.part->data_hash.update(bytes);
    std::string& text = range.part->definition;
    if (text.size() + bytes.size() <= kLargestDefinition) {
      text += text_of(bytes);
    } else {
      range.part->definition_hash.update(bytes);
    }
  }

  std::vector<Range> ranges_;
  std::size_t next_ = 0;
  std::uint64_t at_ = 0;
};

Parts parts_of(const ArchiveReader& archive, const ManifestEntry& dump) {
  constexpr std::pair<const char*, const char*> kKinds[] = {{"tables", "table"},       {"views", "view"},
                                                            {"sequences", "sequence"}, {"routines", "routine"},
                                                            {"events", "event"},       {"triggers", "trigger"}};
  Parts parts;
  std::vector<Range> ranges;
  for (const auto& [list, kind] : kKinds) {
    for (const Json& object : list_at(dump.database, list)) {
      const auto [place, is_new] = parts.try_emplace({kind, object_name(object)});
      if (!is_new) continue;
      Part& part = place->second;
      const auto add = [&](const Json& value, bool is_data) {
        const ByteRange range = range_from(value, dump.entry.size);
        part.side.bytes += range.end - range.begin;
        ranges.push_back({range, &part, is_data});
      };
      if (object.contains("schema")) add(object["schema"], false);
      if (object.contains("data")) add(object["data"], true);
      for (const Json& range : list_at(object, "ranges")) add(range, false);
      const auto rows = object.find("rows");
      if (rows != object.end() && rows->is_number_unsigned()) part.side.rows = rows->get<std::uint64_t>();
    }
  }
  RangeReader reader(std::move(ranges));
  archive.read_file(dump, [&](ByteSpan bytes) { reader.take(bytes); });
  for (auto& [name, part] : parts) {
    part.definition_hash.update(bytes_of(without_counter(std::move(part.definition))));
    part.definition = {};
    part.definition_sum = part.definition_hash.finish();
    part.data_sum = part.data_hash.finish();
  }
  return parts;
}

TableChange change_of(const std::string& database, const Parts::key_type& key, const char* change) {
  TableChange result;
  result.change = change;
  result.database = database;
  result.kind = key.first;
  result.name = key.second;
  return result;
}

void compare_parts(const std::string& database, const Parts& before, const Parts& after,
                   std::vector<TableChange>& changes) {
  for (const auto& [key, part] : before) {
    const auto other = after.find(key);
    if (other == after.end()) {
      changes.push_back(change_of(database, key, "removed"));
      changes.back().before = part.side;
    } else if (other->second.definition_sum != part.definition_sum || other->second.data_sum != part.data_sum) {
      changes.push_back(change_of(database, key, "changed"));
      changes.back().definition = other->second.definition_sum != part.definition_sum;
      changes.back().before = part.side;
      changes.back().after = other->second.side;
    }
  }
  for (const auto& [key, part] : after) {
    if (before.contains(key)) continue;
    changes.push_back(change_of(database, key, "added"));
    changes.back().after = part.side;
  }
}

bool is_sqlite(const ManifestEntry& dump) {
  return dump.database.is_object() && dump.database.value("engine", Json()) == "sqlite";
}

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
  compare_parts(name, a != nullptr ? parts_of(before, *a) : Parts{}, b != nullptr ? parts_of(after, *b) : Parts{},
                changes);
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
