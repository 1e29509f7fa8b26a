#include "inspect/dump_member.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "inspect/dump_entry.h"
#include "inspect/sql_parts.h"
#include "store/archive/archive_file.h"
#include "store/archive/member_access.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 18U;

void check(const DumpOptions& options) {
  if (options.path.empty() && options.table.empty() && !options.database) {
    throw Error(ErrorKind::usage, "nothing was named that could be given out", "name a path, a table or the database");
  }
  if (options.database && (!options.path.empty() || !options.table.empty())) {
    throw Error(ErrorKind::usage, "the whole database and a part of it cannot go together");
  }
}

std::string names_of(const std::vector<ManifestEntry>& dumps) {
  std::string names;
  for (const ManifestEntry& dump : dumps) names += (names.empty() ? "" : ", ") + printable(dump.entry.path);
  return names;
}

const ManifestEntry& own_dump(const ArchiveReader& archive, const std::vector<ManifestEntry>& dumps) {
  const auto own = std::find_if(dumps.begin(), dumps.end(), is_own_dump);
  if (own != dumps.end()) return *own;
  throw Error(ErrorKind::not_found, fmt::format("{} holds no dump of the site's database", archive.file().name()),
              dumps.empty() ? "" : fmt::format("it holds {}: name one as a path", names_of(dumps)));
}

// What stands before the first object, without the comment that announces that object.
class Preamble {
 public:
  explicit Preamble(const std::function<void(ByteSpan)>& sink) : sink_(sink) {}

  void add(ByteSpan bytes) {
    held_ += text_of(bytes);
    if (held_.size() > kUsualBytes) give();
  }
  void finish() {
    for (;;) {
      const std::size_t line = held_.size() < 2 ? std::string::npos : held_.rfind('\n', held_.size() - 2);
      if (line == std::string::npos || !held_.ends_with('\n')) break;
      const std::string_view last = std::string_view(held_).substr(line + 1);
      // With a semicolon it may be the end of a statement.
      const bool comment = last.starts_with("--") && last.find(';') == std::string_view::npos;
      if (!comment && !trim(last).empty()) break;
      held_.resize(line + 1);
    }
    give();
  }

 private:
  static constexpr std::size_t kUsualBytes = std::size_t{1} << 16U;

  void give() {
    sink_(bytes_of(held_));
    held_.clear();
  }

  const std::function<void(ByteSpan)>& sink_;
  std::string held_;
};

// Ranges of an indexed archive: only their frames are read.
void give_ranges(const ArchiveReader& archive, const ManifestEntry& dump, const std::vector<ByteRange>& ranges,
                 const std::function<void(ByteSpan)>& all) {
  const MemberAccess member(archive, dump);
  Preamble preamble(all);
  const std::function<void(ByteSpan)> first = [&](ByteSpan bytes) { preamble.add(bytes); };
  ByteVector buffer(kPieceBytes);
  for (const ByteRange& range : ranges) {
    const auto& sink = range.begin == 0 ? first : all;
    for (std::uint64_t at = range.begin; at < range.end;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range.end - at));
      const std::size_t size = member.read(at, MutableByteSpan(buffer).first(wanted));
      if (size == 0) throw Error(ErrorKind::verification, fmt::format("{} is shorter than listed", member.name()));
      sink(ByteSpan(buffer).first(size));
      at += size;
    }
    if (range.begin == 0) preamble.finish();
    all(bytes_of("\n"));
  }
}

// The same of a stream, which comes in the ranges' order.
void pick_ranges(const ArchiveReader& archive, const ManifestEntry& dump, const std::vector<ByteRange>& ranges,
                 const std::function<void(ByteSpan)>& sink) {
  std::uint64_t at = 0;
  Preamble preamble(sink);
  auto range = ranges.begin();
  archive.read_file(dump, [&](ByteSpan bytes) {
    const std::uint64_t end = at + bytes.size();
    while (range != ranges.end() && range->begin < end) {
      const std::uint64_t from = std::max(at, range->begin), to = std::min(end, range->end);
      const ByteSpan part = bytes.subspan(static_cast<std::size_t>(from - at), static_cast<std::size_t>(to - from));
      range->begin == 0 ? preamble.add(part) : sink(part);
      if (range->end > end) break;
      if (range->begin == 0) preamble.finish();
      sink(bytes_of("\n"));
      ++range;
    }
    at = end;
  });
}

void give_table(const ArchiveReader& archive, const DumpOptions& options, const std::function<void(ByteSpan)>& sink) {
  const std::vector<ManifestEntry> dumps = dump_entries(archive);
  const ManifestEntry* found = nullptr;
  std::vector<ByteRange> ranges;
  for (const ManifestEntry& dump : dumps) {
    if (!options.path.empty() && dump.entry.path != options.path) continue;
    std::vector<ByteRange> parts = sql_parts(dump.database, options.table, dump.entry.size);
    if (parts.empty()) continue;
    if (found != nullptr) {
      throw Error(ErrorKind::usage, fmt::format("several dumps have a {}", printable(options.table)),
                  fmt::format("name the dump, too: {}", names_of(dumps)));
    }
    found = &dump;
    ranges = std::move(parts);
  }
  if (found == nullptr) {
    throw Error(ErrorKind::not_found,
                fmt::format("{} has no table {}{}", archive.file().name(), printable(options.table),
                            options.path.empty() ? "" : " in " + printable(options.path)),
                dumps.empty() ? "it holds no database dump" : "");
  }
  if (archive.indexed()) return give_ranges(archive, *found, ranges, sink);
  pick_ranges(archive, *found, ranges, sink);
}

}  // namespace

void dump_member(const std::filesystem::path& archive, const Keys& keys, const DumpOptions& options,
                 const std::function<void(ByteSpan)>& sink, const RandomAccess* opened) {
  check(options);
  const std::unique_ptr<RandomAccess> own = opened == nullptr ? open_archive(archive, keys) : nullptr;
  const RandomAccess* const file = opened == nullptr ? own.get() : opened;
  const ArchiveReader reader(*file);
  if (!options.table.empty()) return give_table(reader, options, sink);
  if (!options.database) return reader.read_file(options.path, sink);
  const std::vector<ManifestEntry> dumps = listed_dumps(reader);
  reader.read_file(own_dump(reader, dumps), sink);
}

}  // namespace wobackup
