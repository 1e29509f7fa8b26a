#include "snapshot/restore_foreign.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "store/archive/archive_reader.h"
#include "store/archive/foreign_archive.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kMostHeldBytes = std::uint64_t{48} << 20U;

// Folders and hard links, which come last. An archive that holds more of them than any site is refused, not held.
class Later {
 public:
  void add(const Entry& entry) {
    held_bytes_ += sizeof(Entry) + 2 * entry.path.size() + entry.link.size();
    if (held_bytes_ > kMostHeldBytes)
      throw Error(ErrorKind::verification, "the archive has too many folders and links");
    entries_.push_back(entry);
    entries_.back().xattrs.clear();  // the writer has them
    if (entry.type == EntryType::hardlink) links_[entry.path] = entries_.size() - 1;
  }
  /// Another member of this path: of several, an archive's last one counts.
  void replaced(const std::string& path) {
    const auto known = links_.find(path);
    if (known == links_.end()) return;
    entries_[known->second].type = EntryType::file;  // no link any more
    links_.erase(known);
  }
  void write(FolderWriter& writer) const {
    for (const Entry& entry : entries_) {
      if (entry.type == EntryType::hardlink) writer.link(entry);
    }
    for (const Entry& entry : entries_) {
      if (entry.type == EntryType::directory) writer.settle(entry);
    }
  }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> links_;  // of entries_
  std::uint64_t held_bytes_ = 0;
};

void write_file(ForeignArchive& foreign, const Entry& entry, FolderWriter& writer, ReadingCounters& counters,
                const Cancellation& cancellation) {
  const std::unique_ptr<FileReceiver> receiver = writer.file(entry, false);
  if (!receiver) return;
  foreign.read([&](std::uint64_t offset, ByteSpan bytes) {
    cancellation.check();
    receiver->write(offset, bytes);
    counters.plain_bytes += bytes.size();
  });
  receiver->finish();
  ++counters.files;
}

}  // namespace

void restore_foreign(const RandomAccess& file, Selection& selection, FolderWriter& writer, ReadingCounters& counters,
                     const Cancellation& cancellation) {
  const std::string top = ArchiveReader(file).top();
  ForeignArchive foreign(file);
  Later later;
  while (foreign.next()) {
    cancellation.check();
    ManifestEntry listed = foreign.entry(top);
    const Entry& entry = listed.entry;
    if (is_unsafe(listed)) {
      throw Error(ErrorKind::verification,
                  fmt::format("{}: this member leads outside of the target", printable(entry.path)),
                  "the archive is hostile or was made in another way; nothing more of it was restored");
    }
    if (entry.path.empty()) continue;
    // The dump of the older service lies at the top.
    const bool is_dump = entry.path.find('/') == std::string::npos && entry.path.ends_with(".sql");
    if (is_dump) listed.database = Json::object();
    if (!selection.has(listed)) continue;
    ++counters.members;
    later.replaced(entry.path);
    if (entry.type == EntryType::file) {
      write_file(foreign, entry, writer, counters, cancellation);
    } else {
      if (entry.type == EntryType::directory || entry.type == EntryType::hardlink) later.add(entry);
      writer.other(entry);
    }
  }
  if (const auto unmet = selection.unmet()) {
    throw Error(ErrorKind::not_found, fmt::format("nothing in the backup is called {}", printable(*unmet)));
  }
  later.write(writer);
}

}  // namespace wobackup
