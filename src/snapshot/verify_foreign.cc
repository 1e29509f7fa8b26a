#include "snapshot/verify_foreign.h"

#include <fmt/format.h>
#include <limits.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/text.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/archive_reader.h"
#include "store/archive/foreign_archive.h"
#include "store/archive/vhost_search.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostPaths = 1'000'000;

// The paths that are no folders, by their hashes: what lies below one of them would be written through a link.
class Leaves {
 public:
  void add(const Entry& entry) {
    const std::size_t hash = std::hash<std::string_view>()(entry.path);
    if (entry.type == EntryType::directory) {
      hashes_.erase(hash);  // of members of the same path, the last one counts
    } else if (hashes_.size() < kMostPaths) {
      hashes_.insert(hash);
    }
  }
  [[nodiscard]] bool has_above(std::string_view path) const {
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      if (hashes_.contains(std::hash<std::string_view>()(path.substr(0, slash)))) return true;
    }
    return false;
  }

 private:
  std::unordered_set<std::size_t> hashes_;
};

const char* objection_to(const ManifestEntry& listed, const Leaves& leaves) {
  const std::string& path = listed.entry.path;
  if (is_unsafe(listed)) return "leads outside of the archive: a restore refuses it";
  const auto too_long = [](std::string_view name) { return name.size() > NAME_MAX; };
  const std::vector<std::string_view> names = split(path, '/');
  if (std::any_of(names.begin(), names.end(), too_long)) return "no file can have a name so long";
  if (leaves.has_above(path)) return "lies below a link or a file: a restore refuses it";
  return nullptr;
}

}  // namespace

void verify_foreign(const RandomAccess& file, ReadingCounters& counters, const Cancellation& cancellation,
                    const std::function<void(const VerifyProblem&)>& on_problem) {
  // One without a vhost.json does not say of which site it is, and restores to a folder all the same.
  if (const VhostSearch search = find_vhost(file, std::nullopt); search.text) {
    static_cast<void>(vhost_from(file, *search.text));
  }
  const std::string top = ArchiveReader(file).top();
  Leaves leaves;
  ForeignArchive foreign(file);
  while (foreign.next()) {
    cancellation.check();
    const ManifestEntry listed = foreign.entry(top);
    if (const char* objection = objection_to(listed, leaves)) on_problem({std::nullopt, listed.entry.path, objection});
    leaves.add(listed.entry);
    if (foreign.is_file()) {
      foreign.read([&](std::uint64_t, ByteSpan bytes) { counters.plain_bytes += bytes.size(); });
    }
    ++counters.members;
  }
  if (counters.members == 0) {
    throw Error(ErrorKind::verification, fmt::format("{}: there is nothing in it", file.name()));
  }
}

}  // namespace wobackup
