#include "inspect/dumped_parts.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "inspect/definition_tokens.h"
#include "inspect/sql_parts.h"
#include "store/archive/member_access.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestDefinition = std::size_t{1} << 20U;

struct Range {
  ByteRange bytes;
  DatabaseParts::key_type key;
  bool is_data = false;
};

// What there is, by the manifest, and where, in ascending order.
DatabaseParts outline_of(const ManifestEntry& dump, std::vector<Range>& ranges) {
  constexpr std::pair<const char*, const char*> kKinds[] = {{"tables", "table"},       {"views", "view"},
                                                            {"sequences", "sequence"}, {"routines", "routine"},
                                                            {"events", "event"},       {"triggers", "trigger"}};
  DatabaseParts parts;
  for (const auto& [list, kind] : kKinds) {
    for (const Json& object : list_at(dump.database, list)) {
      const auto [place, is_new] = parts.try_emplace({kind, object_name(object)});
      if (!is_new) continue;
      TableChange::Side& side = place->second.side;
      const auto add = [&, &key = place->first](const Json& value, bool is_data) {
        const ByteRange range = range_from(value, dump.entry.size);
        side.bytes += range.end - range.begin;
        if (range.begin < range.end) ranges.push_back({range, key, is_data});
      };
      if (object.contains("schema")) add(object["schema"], false);
      if (object.contains("data")) add(object["data"], true);
      for (const Json& range : list_at(object, "ranges")) add(range, false);
      const auto rows = object.find("rows");
      if (rows != object.end() && rows->is_number_unsigned()) side.rows = rows->get<std::uint64_t>();
    }
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.bytes.begin < b.bytes.begin; });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].bytes.begin < ranges[i - 1].bytes.end) {
      throw Error(ErrorKind::verification, "the manifest is damaged: a dump's ranges overlap");
    }
  }
  return parts;
}

// Each range's bytes, piece by piece.
using Visit = std::function<void(const Range&, ByteSpan bytes, bool ends)>;

void stream_ranges(const ArchiveReader& archive, const ManifestEntry& dump, const std::vector<Range>& ranges,
                   const Visit& visit) {
  std::size_t next = 0;
  std::uint64_t at = 0;
  archive.read_file(dump, [&](ByteSpan bytes) {
    const std::uint64_t end = at + bytes.size();
    for (; next < ranges.size() && ranges[next].bytes.begin < end; ++next) {
      const ByteRange& range = ranges[next].bytes;
      const std::uint64_t from = std::max(at, range.begin), to = std::min(end, range.end);
      visit(ranges[next], bytes.subspan(static_cast<std::size_t>(from - at), static_cast<std::size_t>(to - from)),
            range.end <= end);
      if (range.end > end) break;
    }
    at = end;
  });
}

void pick_ranges(const ArchiveReader& archive, const ManifestEntry& dump, const std::vector<Range>& ranges,
                 const Visit& visit) {
  const MemberAccess member(archive, dump);
  ByteVector buffer(kLargestDefinition);
  for (const Range& range : ranges) {
    for (std::uint64_t at = range.bytes.begin; at < range.bytes.end;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range.bytes.end - at));
      const std::size_t size = member.read(at, MutableByteSpan(buffer).first(wanted));
      if (size == 0) throw Error(ErrorKind::verification, "the dump is shorter than listed");
      at += size;
      visit(range, ByteSpan(buffer).first(size), at == range.bytes.end);
    }
  }
}

// A table's definition tells its next number, too, which comes from its rows.
std::string without_counter(std::string text) {
  constexpr std::string_view kCounter = " AUTO_INCREMENT=";
  const std::size_t at = text.rfind(kCounter);
  if (at == std::string::npos) return text;
  std::size_t end = at + kCounter.size();
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return text.erase(at, end - at);
}

// So far, of each object.
struct Sums {
  std::map<DatabaseParts::key_type, Sha256> definitions, rows;
};

}  // namespace

DatabaseParts dumped_parts(const ArchiveReader& archive, const ManifestEntry& dump) {
  std::vector<Range> ranges;
  DatabaseParts parts = outline_of(dump, ranges);
  Sums sums;
  std::string text;  // of the definition at hand
  stream_ranges(archive, dump, ranges, [&](const Range& range, ByteSpan bytes, bool ends) {
    if (range.is_data) return sums.rows[range.key].update(bytes);
    Sha256& sum = sums.definitions[range.key];
    text += text_of(bytes);
    if (text.size() > kLargestDefinition) sum.update(bytes_of(std::exchange(text, {})));
    if (ends) sum.update(bytes_of(without_counter(std::exchange(text, {}))));
  });
  for (auto& [key, part] : parts) {
    part.definition = sums.definitions[key].finish();
    part.rows = sums.rows[key].finish();
  }
  return parts;
}

DatabaseParts dumped_definitions(const ArchiveReader& archive, const ManifestEntry& dump) {
  std::vector<Range> ranges;
  DatabaseParts parts = outline_of(dump, ranges);
  std::erase_if(ranges, [](const Range& range) { return range.is_data; });
  std::map<DatabaseParts::key_type, DefinitionTokens> tokens;
  std::set<DatabaseParts::key_type> too_long;
  std::string text;
  const Visit visit = [&](const Range& range, ByteSpan bytes, bool ends) {
    if (text.size() + bytes.size() > kLargestDefinition) too_long.insert(range.key);
    if (!too_long.contains(range.key)) text += text_of(bytes);
    if (!ends) return;
    DefinitionTokens& definition = tokens[range.key];
    // The last of a view's ranges is the view, those before it only hold its place.
    if (range.key.first == "view") definition.restart();
    definition.add_section(std::exchange(text, {}));
  };
  archive.indexed() ? pick_ranges(archive, dump, ranges, visit) : stream_ranges(archive, dump, ranges, visit);
  for (auto& [key, definition] : tokens) {
    if (!too_long.contains(key)) parts.at(key).definition = definition.finish();
  }
  return parts;
}

}  // namespace wobackup
