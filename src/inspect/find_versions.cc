#include "inspect/find_versions.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "inspect/public_entry.h"
#include "source/files/path_pattern.h"
#include "store/archive/archive_reader.h"
#include "store/archive/foreign_archive.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostBytes = std::size_t{48} << 20U;
constexpr std::size_t kVersionBytes = sizeof(PathVersion) + 128;  // with a node of the map
constexpr std::size_t kNameBytes = 64;                            // of a backup, in a version's list

// A path as visitors see it, without the folder that all of them lie in, is found, too.
class Wanted {
 public:
  explicit Wanted(const std::string& pattern) {
    patterns_.emplace_back(pattern);
    const std::size_t begin = pattern.find_first_not_of('/');
    if (begin != std::string::npos && pattern.find('/', begin) < pattern.size() - 1) {
      patterns_.emplace_back("htdocs/" + pattern.substr(begin));
    }
  }
  [[nodiscard]] bool matches(std::string_view path, bool is_directory) const {
    return std::any_of(patterns_.begin(), patterns_.end(),
                       [&](const PathPattern& each) { return each.matches(path, is_directory); });
  }

 private:
  std::vector<PathPattern> patterns_;
};

// All that was found in one site's backups.
class Findings {
 public:
  explicit Findings(FindResult& result) : result_(result) {}

  void add(const ManifestEntry& listed, const std::string& backup) {
    auto place = paths_.find(listed.entry.path);
    const bool new_path = place == paths_.end();
    if (!has_room(listed)) return;
    if (new_path) place = paths_.try_emplace(listed.entry.path).first;
    std::vector<PathVersion>& versions = place->second;
    ArchiveEntry entry = public_entry(listed);
    auto version = std::find_if(versions.begin(), versions.end(),
                                [&](const PathVersion& known) { return same_content(known.entry, entry); });
    if (version == versions.end()) {
      bytes_ += kVersionBytes + 2 * entry.path.size() + entry.link.size() + entry.error.size();
      version = versions.insert(version, {std::move(entry), {}});
    }
    bytes_ += kNameBytes;
    // A tar of another program may hold a path twice.
    if (version->backups.empty() || version->backups.back() != backup) version->backups.push_back(backup);
  }
  void overflow() noexcept { result_.complete = false; }
  [[nodiscard]] std::map<std::string, std::vector<PathVersion>>& paths() noexcept { return paths_; }

 private:
  static bool same_content(const ArchiveEntry& a, const ArchiveEntry& b) {
    return a.type == b.type && a.sha256 == b.sha256 && a.link == b.link && a.size == b.size;
  }
  bool has_room(const ManifestEntry& listed) {
    if (bytes_ + listed.entry.path.size() + listed.entry.link.size() + listed.error.size() < kMostBytes) return true;
    result_.complete = false;
    return false;
  }

  FindResult& result_;
  std::map<std::string, std::vector<PathVersion>> paths_;
  std::size_t bytes_ = 0;
};

// Another program's archive lists no hashes: those of the files that match are computed as they pass.
void search_foreign(const ArchiveReader& archive, const Wanted& pattern,
                    const std::function<void(const ManifestEntry&)>& found) {
  ForeignArchive foreign(archive.file());
  while (foreign.next()) {
    ManifestEntry listed = foreign.entry(archive.top());
    if (!pattern.matches(listed.entry.path, listed.entry.type == EntryType::directory)) continue;
    if (foreign.is_file()) {
      Sha256 hash;
      foreign.read([&](std::uint64_t, ByteSpan bytes) { hash.update(bytes); });
      listed.sha256 = hash.finish();
    }
    found(listed);
  }
}

// What a damaged backup seemed to hold does not count: its findings are added when all of its list is proven.
void search(const SnapshotRef& backup, const OpenContent& open, const Wanted& pattern, Findings& findings) {
  const std::shared_ptr<const RandomAccess> file = open(backup.archive);
  const ArchiveReader archive(*file);
  std::vector<ManifestEntry> matches;
  std::size_t bytes = 0;
  const auto found = [&](const ManifestEntry& listed) {
    bytes += sizeof(ManifestEntry) + listed.entry.path.size() + listed.entry.link.size();
    if (bytes > kMostBytes) {
      findings.overflow();
      return;
    }
    matches.push_back(listed);
    matches.back().database = nullptr;
  };
  if (archive.indexed()) {
    archive.entries([&](const ManifestEntry& listed) {
      // What could not be read is not in the backup.
      if (listed.offset && pattern.matches(listed.entry.path, listed.entry.type == EntryType::directory)) found(listed);
    });
  } else {
    search_foreign(archive, pattern, found);
  }
  for (const ManifestEntry& listed : matches) findings.add(listed, backup.name);
}

}  // namespace

void find_in_backups(const std::vector<SnapshotRef>& backups, const OpenContent& open, const std::string& pattern,
                     const FindOptions& options, FindResult& result,
                     const std::function<void(const FoundPath&)>& visit) {
  const Wanted glob(pattern);
  Findings findings(result);
  for (const SnapshotRef& backup : backups) {
    try {
      if (!backup.problem.empty()) throw Error(ErrorKind::verification, backup.problem);
      search(backup, open, glob, findings);
      ++result.backups;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      ++result.unreadable;
      if (options.on_problem) options.on_problem(backup.site, backup.archive, error);
    }
  }
  for (auto& [path, versions] : findings.paths()) {
    ++result.paths;
    visit({backups.front().site, path, std::move(versions)});
  }
}

}  // namespace wobackup
