#include "snapshot/file_capture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

WalkOptions walk_options(const FileCapture& capture) {
  WalkOptions walk;
  walk.roots = {"htdocs"};
  walk.roots.insert(walk.roots.end(), capture.settings.include.begin(), capture.settings.include.end());
  walk.leave = capture.config_files;
  walk.follow = capture.settings.follow;
  walk.exclude = path_patterns(capture.settings.exclude);
  for (const std::string& glob : capture.options.exclude) walk.exclude.emplace_back(glob);
  walk.exclude_caches = capture.exclude_caches || capture.options.exclude_caches;
  walk.elsewhere = capture.elsewhere;
  walk.make_spool = capture.make_spool;
  if (capture.live_database) {
    const std::string& path = capture.live_database->path;
    for (const char* suffix : {"-wal", "-shm", "-journal"}) walk.leave.push_back(path + suffix);
    if (capture.live_database->copy_fd < 0) {
      walk.leave.push_back(path);
    } else {
      walk.replaced_path = path;
      walk.replaced_fd = capture.live_database->copy_fd;
      walk.replaced_size_bytes = capture.live_database->size_bytes;
    }
  }
  struct stat status {};
  if (capture.backup_root_fd >= 0 && ::fstat(capture.backup_root_fd, &status) == 0) {
    walk.backup_root = {status.st_dev, status.st_ino};
  }
  return walk;
}

ArchiveMember archive_member(SourceMember&& found, bool late) {
  ArchiveMember member;
  member.entry = std::move(found.entry);
  member.content = std::move(found.content);
  member.keep_place = found.keep_place;
  member.problem = std::move(found.problem);
  member.late = late;
  return member;
}

}  // namespace

std::vector<std::string> left_out_of(const FileCapture& capture) {
  std::vector<std::string> globs = capture.settings.exclude;
  globs.insert(globs.end(), capture.options.exclude.begin(), capture.options.exclude.end());
  if (!capture.live_database || capture.live_database->copy_fd >= 0) return globs;
  // A database among the files, in a backup of files only.
  std::string path = "/";
  for (const char byte : capture.live_database->path) {
    if (std::string_view("*?[]\\").find(byte) != std::string_view::npos) path += '\\';
    path += byte;
  }
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) globs.push_back(path + suffix);
  return globs;
}

std::shared_ptr<const FileRoot> open_site_folder(const Site& site) {
  UniqueFd fd;
  try {
    fd = open_trusted_directory(site.path, false);
  } catch (const Error& error) {
    throw error.in(site.name).with_hint("is its path right? `wobackup sites` shows it");
  }
  struct stat status {};
  if (::fstatat(fd.get(), "htdocs", &status, 0) != 0 || !S_ISDIR(status.st_mode)) {
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no folder {}", site.name, htdocs_of(site).string()),
                "a site's files are expected there; is its path right? `wobackup sites` shows it");
  }
  return file_root(std::move(fd));
}

void capture_files(const FileCapture& capture, const std::shared_ptr<const FileRoot>& folder, OwnerNames& names,
                   ArchiveWriter& writer, SnapshotRecord& record, const Cancellation& cancellation) {
  WalkOptions options = walk_options(capture);
  options.on_note = [&record](std::string_view path, std::string what) { record.note(path, std::move(what)); };
  options.on_unreadable = [&record](std::string_view path, std::string what) {
    record.unreadable(path, std::move(what));
  };
  TreeWalker walker(folder, names, std::move(options));
  for (const std::string& path : capture.config_files) writer.add(archive_member(walker.member(path), true));
  while (std::optional<SourceMember> found = walker.next()) {
    cancellation.check();
    writer.add(archive_member(std::move(*found), false));
  }
}

void visit_files(const FileCapture& capture, const std::shared_ptr<const FileRoot>& folder, OwnerNames& names,
                 const std::function<void(std::string_view path, std::string what)>& on_unreadable,
                 const std::function<void(SourceMember)>& visit) {
  WalkOptions options = walk_options(capture);
  options.on_note = [](std::string_view, const std::string&) {};
  options.on_unreadable = on_unreadable;
  TreeWalker walker(folder, names, std::move(options));
  const auto give = [&](SourceMember member) {
    if (!member.problem) return visit(std::move(member));
    if (member.problem.kind == ContentProblem::Kind::unreadable) on_unreadable(member.entry.path, member.problem.what);
  };
  std::vector<std::string> configs = capture.config_files;
  std::sort(configs.begin(), configs.end());
  auto config = configs.begin();
  while (std::optional<SourceMember> found = walker.next()) {
    for (; config != configs.end() && *config < found->entry.path; ++config) give(walker.member(*config));
    give(std::move(*found));
  }
  for (; config != configs.end(); ++config) give(walker.member(*config));
}

void scan_files(const FileCapture& capture, const std::shared_ptr<const FileRoot>& folder, OwnerNames& names,
                ScanTotals& totals, const std::stop_token& stop) {
  WalkOptions options = walk_options(capture);
  options.on_note = [](std::string_view, const std::string&) {};
  options.on_unreadable = options.on_note;
  options.attributes = false;
  TreeWalker walker(folder, names, std::move(options));
  while (const std::optional<SourceMember> found = walker.next()) {
    if (stop.stop_requested()) return;
    if (found->entry.type != EntryType::file) continue;
    ++totals.files;
    totals.bytes += found->entry.size;
  }
  totals.ended = true;
}

}  // namespace wobackup
