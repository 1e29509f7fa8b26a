#include "inspect/difference.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <utility>

#include "base/text.h"
#include "inspect/database_difference.h"
#include "inspect/diff_side.h"
#include "inspect/live_database.h"
#include "inspect/public_entry.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostNotes = 100;
constexpr std::size_t kMostSoftware = 10'000;

// Notes come from both sides' threads.
class Notes {
 public:
  [[nodiscard]] DiffSide::Note sink() {
    return [this](const std::string& path, const std::string& what) {
      const std::scoped_lock lock(mutex_);
      if (notes_.size() < kMostNotes) notes_.push_back(fmt::format("{}: {}", path, what));
      ++count_;
    };
  }
  void move_to(std::vector<std::string>& notes) {
    if (count_ > kMostNotes) notes_.push_back(fmt::format("and {} more", count_ - kMostNotes));
    notes.insert(notes.end(), notes_.begin(), notes_.end());
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> notes_;
  std::uint64_t count_ = 0;
};

// Merges the two sorted lists.
class Comparison {
 public:
  Comparison(DiffSide& before, DiffSide& after, bool trusts_times, Difference& result,
             const std::function<void(const EntryChange&)>& visit)
      : before_(before), after_(after), trusts_times_(trusts_times), result_(result), visit_(visit) {}

  void run() {
    const auto olds = before_.entries(), news = after_.entries();
    auto a = olds->next(), b = news->next();
    while (a || b) {
      if (!b || (a && a->listed.entry.path < b->listed.entry.path)) {
        one_sided(*a, true);
        a = olds->next();
      } else if (!a || b->listed.entry.path < a->listed.entry.path) {
        one_sided(*b, false);
        b = news->next();
      } else {
        both(*a, *b);
        a = olds->next();
        b = news->next();
      }
    }
    for (auto& [key, change] : software_) {
      if (change.before != change.after) result_.software.push_back(std::move(change));
    }
  }

 private:
  void one_sided(StreamedEntry& entry, bool removed) {
    ++(removed ? result_.removed : result_.added);
    EntryChange change;
    change.change = removed ? "removed" : "added";
    change.path = entry.listed.entry.path;
    (removed ? change.before : change.after) = public_entry(entry.listed);
    if (!removed) note_program(entry, change);
    learn(entry, removed ? before_ : after_, removed);
    visit_(change);
  }
  void both(StreamedEntry& a, StreamedEntry& b) {
    EntryChange change;
    change.what = differences(a, b);
    if (change.what.empty()) return;
    ++result_.changed;
    change.change = "changed";
    change.path = a.listed.entry.path;
    change.before = public_entry(a.listed);
    change.after = public_entry(b.listed);
    const bool other_content = change.what.front() == "type" || change.what.front() == "content";
    if (other_content) {
      note_program(b, change);
      learn(a, before_, true);
      learn(b, after_, false);
    }
    visit_(change);
  }
  std::vector<std::string> differences(StreamedEntry& a, StreamedEntry& b) {
    const Entry& old_entry = a.listed.entry;
    const Entry& new_entry = b.listed.entry;
    std::vector<std::string> what;
    if (old_entry.type != new_entry.type) {
      what.emplace_back("type");
    } else if (old_entry.type == EntryType::file) {
      if (content_differs(a, b)) what.emplace_back("content");
    } else if (old_entry.link != new_entry.link) {
      what.emplace_back("target");
    } else if (old_entry.device_major != new_entry.device_major || old_entry.device_minor != new_entry.device_minor) {
      what.emplace_back("device");
    }
    // A hard link has its mode and owner from its first member.
    if (old_entry.type == EntryType::hardlink || new_entry.type == EntryType::hardlink) return what;
    const bool is_link = old_entry.type == EntryType::symlink || new_entry.type == EntryType::symlink;
    if (!is_link && old_entry.mode != new_entry.mode) what.emplace_back("mode");
    if (old_entry.uid != new_entry.uid || old_entry.gid != new_entry.gid) what.emplace_back("owner");
    return what;
  }
  bool content_differs(StreamedEntry& a, StreamedEntry& b) {
    if (a.listed.entry.size != b.listed.entry.size) return true;
    if (trusts_times_ && a.listed.entry.mtime == b.listed.entry.mtime) return false;
    const auto old_hash = before_.hash(a), new_hash = after_.hash(b);
    return old_hash && new_hash && *old_hash != *new_hash;
  }
  void note_program(const StreamedEntry& entry, EntryChange& change) {
    if (entry.listed.entry.type == EntryType::directory || !is_php_in_uploads(entry.listed.entry.path)) return;
    change.php_in_uploads = true;
    ++result_.php_in_uploads;
  }
  // A plugin may have moved its header to another file of its folder, so versions are gathered by place.
  void learn(StreamedEntry& entry, DiffSide& side, bool old_side) {
    if (entry.listed.entry.type != EntryType::file || !may_describe_software(entry.listed.entry.path)) return;
    std::optional<Software> found = side.software(entry);
    if (!found) return;
    const auto key = std::make_pair(found->kind, found->place);
    if (software_.size() >= kMostSoftware && !software_.contains(key)) return;
    SoftwareChange& change = software_[key];
    change.kind = found->kind;
    change.place = found->place;
    if (change.name.empty() || !old_side) change.name = found->name;
    (old_side ? change.before : change.after) = found->version;
  }

  DiffSide& before_;
  DiffSide& after_;
  bool trusts_times_;
  Difference& result_;
  const std::function<void(const EntryChange&)>& visit_;
  std::map<std::pair<std::string, std::string>, SoftwareChange> software_;
};

bool holds_database(const ArchiveReader& archive) {
  if (archive.header()) return archive.header()->has_database;
  const Json& vhost = archive.vhost();
  return !vhost.is_object() || vhost.value("backup_type", Json()) != "files";
}

void compare_files(DiffSide& before, DiffSide& after, bool trusts_times, Difference& result,
                   const std::function<void(const EntryChange&)>& visit) {
  result.files_compared = before.has_files() && after.has_files();
  if (!result.files_compared) {
    result.notes.emplace_back("files were not compared: one of the backups holds none");
    return;
  }
  Comparison(before, after, trusts_times, result, visit).run();
}

}  // namespace

Difference archives_difference(const RandomAccess& before, const RandomAccess& after, const DiffOptions&,
                               const std::function<void(const EntryChange&)>& visit) {
  const ArchiveReader old_archive(before), new_archive(after);
  Difference result;
  Notes notes;
  const auto old_side = archive_side(old_archive, notes.sink()), new_side = archive_side(new_archive, notes.sink());
  compare_files(*old_side, *new_side, false, result, visit);
  result.database_compared = holds_database(old_archive) && holds_database(new_archive);
  if (result.database_compared) {
    result.tables = database_difference(old_archive, new_archive);
  } else if (holds_database(old_archive) || holds_database(new_archive)) {
    result.notes.emplace_back("databases were not compared: one of the backups holds none");
  }
  notes.move_to(result.notes);
  return result;
}

Difference live_difference(const ArchiveReader& archive, const Site& site, const Config& config,
                           const DiffOptions& options, const std::function<void(const EntryChange&)>& visit) {
  Difference result;
  Notes notes;
  const auto old_side = archive_side(archive, notes.sink()), new_side = live_side(site, config, notes.sink());
  compare_files(*old_side, *new_side, !options.checksum, result, visit);
  if (holds_database(archive)) {
    const Cancellation never;
    compare_with_live_database(archive, site, config, never, result);
  }
  notes.move_to(result.notes);
  return result;
}

std::string site_of_archive(const ArchiveReader& archive) {
  const Json& vhost = archive.vhost();
  const auto name = vhost.is_object() ? vhost.find("sitename") : vhost.end();
  if (name != vhost.end() && name->is_string()) return name->get<std::string>();
  throw Error(ErrorKind::not_found, fmt::format("{} does not say of which site it is", archive.file().name()));
}

}  // namespace wobackup
