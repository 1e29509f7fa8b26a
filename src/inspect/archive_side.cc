// An archive as one side of a comparison.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "inspect/diff_side.h"
#include "inspect/dump_entry.h"
#include "inspect/temporary_file.h"
#include "source/files/sorted_names.h"
#include "store/archive/foreign_archive.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kLargestDescribing = std::uint64_t{4} << 20U;  // plugins' main files are small
constexpr std::size_t kSortBytes = std::size_t{16} << 20U;
constexpr std::size_t kMostSoftware = 10'000;

bool is_site_file(const ManifestEntry& listed) {
  return listed.entry.path != "vhost.json" && !(listed.database.is_object() && is_own_dump(listed)) &&
         listed.entry.path != "databases" && !listed.entry.path.starts_with("databases/");
}

class IndexedSide final : public DiffSide {
 public:
  explicit IndexedSide(const ArchiveReader& archive) : archive_(archive) {}

  [[nodiscard]] bool has_files() const override { return archive_.header()->has_files; }
  [[nodiscard]] std::unique_ptr<EntryStream> entries() override {
    return std::make_unique<EntryStream>([this](const EntryStream::Push& push) {
      archive_.entries([&](const ManifestEntry& listed) {
        if (!is_site_file(listed)) return;
        ManifestEntry kept = listed;
        kept.database = nullptr;  // may be large
        push({std::move(kept), nullptr});
      });
    });
  }
  [[nodiscard]] std::optional<Sha256Digest> hash(StreamedEntry& entry) override { return entry.listed.sha256; }
  [[nodiscard]] std::optional<Software> software(StreamedEntry& entry) override {
    const ManifestEntry& listed = entry.listed;
    if (listed.entry.type != EntryType::file || listed.entry.size > kLargestDescribing || !listed.offset) {
      return std::nullopt;
    }
    std::string head;
    archive_.read_file(listed, [&head](ByteSpan bytes) {
      if (head.size() < kSoftwareHeadBytes) head += text_of(bytes).substr(0, kSoftwareHeadBytes - head.size());
    });
    return software_from(listed.entry.path, head);
  }

 private:
  const ArchiveReader& archive_;
};

// A key that sorts as the path does, whatever follows it: the path's 1-bytes are marked, and so is its end.
std::string sort_key(std::string_view path) {
  std::string key;
  for (const char c : path) {
    key += c;
    if (c == '\1') key += '\2';
  }
  return key += "\1\1";
}

// A tar in its own order, with no hashes: one pass computes them, remembers what plugins tell of themselves, and sorts
// the entries as manifest lines, beyond 16 MiB of them in an unnamed file.
class ForeignSide final : public DiffSide {
 public:
  ForeignSide(const ArchiveReader& archive, Note note) : archive_(archive), note_(std::move(note)) {}

  [[nodiscard]] bool has_files() const override {
    const Json& vhost = archive_.vhost();
    return !vhost.is_object() || vhost.value("backup_type", Json()) != "db";
  }
  [[nodiscard]] std::unique_ptr<EntryStream> entries() override {
    read_all();
    return std::make_unique<EntryStream>([this](const EntryStream::Push& push) {
      std::optional<ManifestEntry> last;
      while (const auto record = sorted_.next()) {
        const std::size_t key_end = record->rfind("\1\1");
        ManifestEntry entry = manifest_entry_from(record->substr(key_end + 2 + kNumberDigits));
        // Of members of the same path, the last one is what tar would leave.
        if (last && last->entry.path != entry.entry.path) push({std::move(*last), nullptr});
        last = std::move(entry);
      }
      if (last) push({std::move(*last), nullptr});
    });
  }
  [[nodiscard]] std::optional<Sha256Digest> hash(StreamedEntry& entry) override { return entry.listed.sha256; }
  [[nodiscard]] std::optional<Software> software(StreamedEntry& entry) override {
    const auto place = software_.find(entry.listed.entry.path);
    if (place == software_.end()) return std::nullopt;
    return place->second;
  }

 private:
  static constexpr std::size_t kNumberDigits = 12;

  void read_all() {
    ForeignArchive foreign(archive_.file());
    std::uint64_t number = 0;
    while (foreign.next()) {
      ManifestEntry listed = foreign.entry(archive_.top());
      if (listed.entry.path.empty() || !is_site_file(listed) || is_dump(listed)) continue;
      if (is_unsafe(listed)) {
        note_(listed.entry.path, "leads outside of the archive: left out");
        continue;
      }
      if (foreign.is_file()) describe(foreign, listed);
      std::string record = fmt::format("{}{:012}", sort_key(listed.entry.path), number++);
      append_manifest_line(record, listed);
      record.pop_back();
      sorted_.add(record);
    }
    sorted_.sort();
  }
  void describe(ForeignArchive& foreign, ManifestEntry& listed) {
    const std::string& path = listed.entry.path;
    const bool describes = may_describe_software(path);
    std::string head;
    Sha256 hash;
    foreign.read([&](std::uint64_t offset, ByteSpan bytes) {
      hash.update(bytes);
      if (describes && offset == head.size() && head.size() < kSoftwareHeadBytes) {
        head += text_of(bytes).substr(0, kSoftwareHeadBytes - head.size());
      }
    });
    listed.sha256 = hash.finish();
    if (!describes || software_.size() >= kMostSoftware) return;
    if (auto found = software_from(path, head)) software_.insert_or_assign(path, *std::move(found));
  }

  const ArchiveReader& archive_;
  Note note_;
  SortedNames sorted_{kSortBytes, temporary_file};
  std::map<std::string, Software> software_;
};

}  // namespace

std::unique_ptr<DiffSide> archive_side(const ArchiveReader& archive, DiffSide::Note note) {
  if (archive.indexed()) return std::make_unique<IndexedSide>(archive);
  return std::make_unique<ForeignSide>(archive, std::move(note));
}

}  // namespace wobackup
