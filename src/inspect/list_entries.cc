#include "inspect/list_entries.h"

#include <fmt/format.h>

#include <string_view>

#include "base/text.h"
#include "inspect/public_entry.h"
#include "source/files/path_pattern.h"
#include "store/archive/archive_file.h"
#include "store/archive/archive_reader.h"

namespace wobackup {
namespace {

// Whether entries are wanted, as they come. A glob lists what it matches; a plain path lists the folder's content.
class Wish {
 public:
  explicit Wish(const EntriesOptions& options) : recursive_(options.recursive), path_(options.path) {
    while (path_.ends_with('/')) path_.pop_back();
    while (path_.starts_with("./")) path_.erase(0, 2);
    while (path_.starts_with('/')) path_.erase(0, 1);
    if (path_ == ".") path_.clear();
    if (path_.find_first_of("*?[\\") != std::string::npos) pattern_.emplace(path_);
  }

  bool takes(const Entry& entry) {
    if (path_.empty()) return recursive_ || entry.path.find('/') == std::string::npos;
    if (entry.path == path_) {
      met_ = true;
      return entry.type != EntryType::directory;
    }
    if (entry.path.starts_with(path_) && entry.path[path_.size()] == '/') {
      met_ = true;
      return recursive_ || entry.path.find('/', path_.size() + 1) == std::string::npos;
    }
    if (!pattern_ || !matches(entry)) return false;
    met_ = true;
    return true;
  }
  /// Where that may be, for whoever can pass over the rest.
  [[nodiscard]] ManifestFilter filter() const {
    if (pattern_) return {[](std::string_view) { return true; }};
    if (path_.empty()) {
      return {[this](std::string_view path) { return recursive_ || path.find('/') == std::string_view::npos; }};
    }
    return {[this](std::string_view path) {
              return path.starts_with(path_) && (path.size() == path_.size() || path[path_.size()] == '/');
            },
            {PathRange::below(path_)}};
  }
  [[nodiscard]] bool met() const { return met_ || path_.empty(); }

 private:
  [[nodiscard]] bool matches(const Entry& entry) const {
    if (pattern_->matches(entry.path, entry.type == EntryType::directory)) return true;
    if (!recursive_) return false;
    // Below a folder that matches.
    for (std::size_t at = entry.path.find('/'); at != std::string::npos; at = entry.path.find('/', at + 1)) {
      if (pattern_->matches(std::string_view(entry.path).substr(0, at), true)) return true;
    }
    return false;
  }

  bool recursive_;
  std::string path_;
  std::optional<PathPattern> pattern_;
  bool met_ = false;
};

}  // namespace

EntriesResult list_entries(const std::filesystem::path& archive, const Keys& keys, const EntriesOptions& options,
                           const std::function<void(const ArchiveEntry&)>& visit, const RandomAccess* opened) {
  Wish wish(options);
  const std::unique_ptr<RandomAccess> own = opened == nullptr ? open_archive(archive, keys) : nullptr;
  const RandomAccess* const file = opened == nullptr ? own.get() : opened;
  const ArchiveReader reader(*file);
  EntriesResult result;
  result.indexed = reader.indexed();
  reader.entries(wish.filter(), [&](const ManifestEntry& listed) {
    if (!wish.takes(listed.entry)) return;
    ++result.entries;
    if (listed.entry.type == EntryType::file) {
      ++result.files;
      result.file_bytes += listed.entry.size;
    }
    visit(public_entry(listed));
  });
  if (!wish.met()) {
    throw Error(ErrorKind::not_found, fmt::format("nothing in {} is called {}", file->name(), printable(options.path)),
                "paths are relative to the top of the backup, as `wobackup ls` shows them: htdocs/...");
  }
  return result;
}

}  // namespace wobackup
