#include "snapshot/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/safe_path.h"
#include "base/text.h"
#include "snapshot/archive_trust.h"
#include "snapshot/restore_foreign.h"
#include "snapshot/restore_salvage.h"
#include "snapshot/restore_totals.h"
#include "snapshot/run_monitor.h"
#include "snapshot/selection.h"
#include "store/archive/archive_file.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/archive_reader.h"
#include "store/archive/foreign_archive.h"
#include "store/archive/member_reading.h"
#include "store/archive/partial_archive.h"
#include "store/archive/snapshot_record.h"
#include "store/archive/stored_member.h"
#include "target/files/folder_writer.h"

namespace wobackup {
namespace {

unsigned threads_of(const Config& config) {
  return config.threads != 0 ? config.threads : std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
}

// What one restore shares with its steps.
struct Run {
  const RestoreOptions& options;
  const RestoreEnvironment& environment;
  Selection selection;
  Cancellation cancellation;
  SnapshotRecord record;  // `unreadable` stands for what did not come back
  RestoreTotals totals;
};

std::uint64_t require_room(int target_fd, const Run& run) {
  const Space space = space_of(target_fd, run.options.target);
  const Config& config = run.environment.config;
  const std::uint64_t min_free = min_free_in(space, config.min_free_bytes);
  const std::uint64_t needed = run.totals.room_bytes;
  if (needed > space.free_bytes || space.free_bytes - needed < min_free) {
    throw Error(ErrorKind::no_space,
                fmt::format("{}: restoring needs {}, {} are free, and {} shall stay free",
                            printable(run.options.target.string()), human_size(needed), human_size(space.free_bytes),
                            human_size(min_free)),
                "free space, restore elsewhere with --target, or restore a part with --include");
  }
  return min_free;
}

// One file by itself. A hard link to a file that is not wanted becomes that file.
void place_content(const ArchiveReader& archive, const ManifestEntry& listed, const Run& run, FolderWriter& writer) {
  const ManifestEntry first = archive.file_entry(listed);
  const StoredMember stored(*archive.container(), first, archive.top());
  Entry entry = stored.header().entry;  // with its attributes
  entry.path = listed.entry.path;
  const std::unique_ptr<FileReceiver> receiver = writer.file(entry, false);
  if (!receiver) return;
  std::uint64_t offset = 0;
  stored.read([&](ByteSpan bytes) {
    run.cancellation.check();
    const bool hole =
        entry.sparse && std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
    if (!hole) receiver->write(offset, bytes);
    offset += bytes.size();
  });
  receiver->finish();
}

void restore_one(const ArchiveReader& archive, const ManifestEntry& listed, Run& run, FolderWriter& writer) {
  if (listed.entry.type == EntryType::file) return place_content(archive, listed, run, writer);
  if (listed.entry.type != EntryType::hardlink) {
    Entry entry = StoredMember(*archive.container(), listed, archive.top()).header().entry;
    entry.path = listed.entry.path;
    return writer.other(entry);
  }
  ManifestEntry first;
  first.entry.path = listed.entry.link;
  if (run.selection.has(first)) return writer.link(listed.entry);
  place_content(archive, listed, run, writer);
}

void restore_links(const ArchiveReader& archive, Run& run, FolderWriter& writer) {
  std::map<std::string, std::string> stand_ins;  // for first names that are not wanted
  archive.container()->read_manifest(may_be_wanted(run.selection), [&](const ManifestEntry& listed) {
    if (listed.entry.type != EntryType::hardlink || !listed.offset || !run.selection.has(listed)) return;
    run.cancellation.check();
    ManifestEntry first;
    first.entry.path = listed.entry.link;
    if (run.selection.has(first)) return writer.link(listed.entry);
    const auto [place, is_new] = stand_ins.emplace(listed.entry.link, listed.entry.path);
    if (is_new) return place_content(archive, listed, run, writer);
    Entry link = listed.entry;
    link.link = place->second;
    writer.link(link);
  });
}

// Last come the folders: whatever is written into them changes their times, and their modes may not allow it.
void settle_folders(const ContainerReader& container, Run& run, FolderWriter& writer) {
  const ManifestFilter concerned{
      [&](std::string_view path) { return run.selection.may_have(path) || writer.made(std::string(path)); }};
  container.read_manifest(concerned, [&](const ManifestEntry& listed) {
    if (listed.entry.type != EntryType::directory || !listed.offset) return;
    if (run.selection.has(listed) || writer.made(listed.entry.path)) writer.settle(listed.entry);
  });
}

// The same of few members: their own folders, and those above that had to be made.
void settle_few(const ArchiveReader& archive, const Run& run, FolderWriter& writer) {
  std::set<std::string> above;
  for (const ManifestEntry& listed : run.totals.members) {
    const std::string& path = listed.entry.path;
    if (listed.entry.type == EntryType::directory) writer.settle(listed.entry);
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (writer.made(path.substr(0, slash))) above.insert(path.substr(0, slash));
    }
  }
  for (const std::string& path : above) {
    const std::optional<ManifestEntry> listed = archive.entry(path);
    if (listed && listed->entry.type == EntryType::directory && listed->offset) writer.settle(listed->entry);
  }
}

// Without threads, and without another way through the manifest: a single file comes back at once.
void restore_few(const ArchiveReader& archive, Run& run, FolderWriter& writer, ReadingCounters& counters) {
  for (const ManifestEntry& listed : run.totals.members) {
    run.cancellation.check();
    try {
      restore_one(archive, listed, run, writer);
      ++counters.members;
      if (listed.entry.type == EntryType::file) ++counters.files;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::verification || !run.options.salvage) throw;
      run.record.unreadable(listed.entry.path, error.message());
    }
  }
}

void restore_indexed(const ArchiveReader& archive, Run& run, FolderWriter& writer, ReadingCounters& counters) {
  const ContainerReader& container = *archive.container();
  if (run.totals.few()) {
    restore_few(archive, run, writer, counters);
    return settle_few(archive, run, writer);
  }
  ReadingOptions reading;
  reading.threads = threads_of(run.environment.config);
  if (!run.selection.is_everything()) {
    reading.wanted = [&run](const ManifestEntry& listed) { return run.selection.has(listed); };
  }
  if (run.options.salvage) {
    reading.on_damage = [&run](const Damage& damage) {
      if (!damage.path.empty()) run.record.unreadable(damage.path, damage.why);
    };
  }
  read_members(container, writer, reading, counters, run.cancellation);
  if (writer.links() > 0) restore_links(archive, run, writer);
  settle_folders(container, run, writer);
}

// Whether the archive itself needs a folder here and has something else here or above: then no target could take it.
bool contradicts_itself(const std::optional<ContainerReader>& container, const RandomAccess& file,
                        const std::string& path) {
  bool folder = false, other = false;
  const auto look = [&](const ManifestEntry& listed) {
    const std::string& own = listed.entry.path;
    const bool above = path == own || path.starts_with(own + "/");
    const bool is_folder = listed.entry.type == EntryType::directory;
    if (own.starts_with(path + "/") || (path == own && is_folder)) folder = true;
    if (above && !is_folder && !own.empty()) other = true;
  };
  if (container) {
    container->read_manifest(look);
  } else {
    const std::string top = ArchiveReader(file).top();
    for (ForeignArchive foreign(file); foreign.next();) look(foreign.entry(top));
  }
  return folder && other;
}

// Called while the error is handled: what the archive can be blamed for is said in words that do.
[[noreturn]] void explain(const InTheWay& error, const std::optional<ContainerReader>& container,
                          const RandomAccess& file) {
  if (!contradicts_itself(container, file, error.path())) throw;
  throw Error(ErrorKind::verification,
              fmt::format("{}: the archive has a link or a file there, and writes below it", printable(error.path())),
              "it is hostile or was made in another way; nothing more of it was restored");
}

Restored result_of(const Run& run, const std::filesystem::path& archive) {
  Restored restored;
  restored.archive = archive;
  restored.target = run.options.target;
  restored.missing = run.record.unreadable_paths();
  restored.missing_count = run.record.unreadable_count;
  restored.notes = run.record.notes();
  restored.notes_count = run.record.notes_count;
  restored.complete = restored.missing_count == 0;
  return restored;
}

FolderWriter::Note notes_to(SnapshotRecord& record) {
  return [&record](std::string_view path, std::string what, bool missing) {
    if (missing) {
      record.unreadable(path, std::move(what));
    } else {
      record.note(path, std::move(what));
    }
  };
}

void check_options(const RestoreOptions& options) {
  if (options.target.empty() || !options.target.is_absolute()) {
    throw Error(ErrorKind::usage, "the target is not an absolute path", "name a folder with --target");
  }
  if (!options.files && !options.database) {
    throw Error(ErrorKind::usage, "neither files nor database shall be restored");
  }
}

bool is_trusted(const std::filesystem::path& archive, const ArchiveIndex& index,
                const RestoreEnvironment& environment) {
  // A damaged index is no proof of an exchange, and of nothing else.
  const ArchiveTrust trust = index.damaged
                                 ? ArchiveTrust::unknown
                                 : trust_in(archive, index.container ? &*index.container : nullptr, environment.config);
  if (trust == ArchiveTrust::recorded) return true;
  warn_of_stranger(archive, trust, environment.log);
  return false;
}

}  // namespace

Restored restore_to_folder(const std::filesystem::path& archive, const RestoreOptions& options,
                           const RestoreEnvironment& environment, const RandomAccess* opened) {
  bool begun = false;
  const auto open_target = [&] {
    begun = true;
    return open_trusted_directory(options.target, true);
  };
  try {
    return restore_into(open_target, archive, options, environment, opened);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification || options.salvage || !begun) throw;
    throw Error(error.kind(), error.message(),
                fmt::format("{}what came before is in {}",
                            error.hint().empty() ? "--salvage brings back all that is intact; " : error.hint() + "; ",
                            printable(options.target.string())));
  }
}

Restored restore_into(const std::function<UniqueFd()>& open_target, const std::filesystem::path& archive,
                      const RestoreOptions& options, const RestoreEnvironment& environment,
                      const RandomAccess* opened) {
  check_options(options);
  const auto started = std::chrono::steady_clock::now();
  std::unique_ptr<RandomAccess> own;
  const AgeEnd end = options.salvage ? AgeEnd::may_be_missing : AgeEnd::required;
  if (opened == nullptr) own = open_archive(archive, environment.stored, environment.config.keys, end);
  const RandomAccess* const file = opened == nullptr ? own.get() : opened;

  Run run{options, environment, Selection({options.include, options.exclude, options.files, options.database}),
          {},      {},          {}};
  const ArchiveIndex index = open_index(*file, options.salvage, run.cancellation);
  const std::optional<ContainerReader> container = index.damaged ? std::nullopt : index.container;
  if (container) run.totals = count_wanted(*container, run.selection, options);
  std::string damage;
  ReadingCounters counters;
  const bool trusted = is_trusted(archive, index, environment);
  Restored restored;
  if (!options.dry_run) {
    const UniqueFd target = open_target();
    FolderWriter writer(target.get(),
                        {.overwrite = options.overwrite,
                         .numeric_owner = options.numeric_owner,
                         .trusted = trusted,
                         .min_free_bytes = require_room(target.get(), run),
                         .remember_made = !run.selection.is_everything()},
                        notes_to(run.record));
    RunMonitor monitor(
        archive.filename().string(),
        [&](Progress& progress) {
          progress.files_done = counters.files;
          progress.bytes_done = counters.plain_bytes;
          if (!container) return;
          progress.files_total = run.totals.files;
          progress.bytes_total =
              std::max<std::uint64_t>(std::min(run.totals.bytes, run.totals.room_bytes), counters.plain_bytes);
        },
        run.cancellation, options.cancelled, options.on_progress);
    monitor.enter_phase("restore");
    try {
      if (index.damaged) {
        std::uint64_t bytes = 0;
        damage =
            restore_what_is_left(*file, index, run.selection, &writer, run.record, counters, bytes, run.cancellation);
      } else if (container) {
        restore_indexed(ArchiveReader(*file, *container), run, writer, counters);
      } else {
        restore_foreign(*file, run.selection, writer, counters, run.cancellation);
        require_some(counters.members, options);
      }
    } catch (const InTheWay& error) {
      explain(error, container, *file);
    }
    monitor.finish();
    if (options.cancelled && options.cancelled()) run.cancellation.cancel();  // in a moment, between two looks
    run.cancellation.check();
    restored = result_of(run, archive);
    restored.entries = counters.members;
    restored.files = writer.files();
    restored.bytes = writer.bytes();
    restored.skipped = writer.skipped();
  } else if (index.damaged) {
    std::uint64_t bytes = 0;
    damage = restore_what_is_left(*file, index, run.selection, nullptr, run.record, counters, bytes, run.cancellation);
    restored = result_of(run, archive);
    restored.entries = counters.members;
    restored.files = counters.files;
    restored.bytes = bytes;
  } else {
    restored = result_of(run, archive);
    restored.entries = run.totals.entries;
    restored.files = run.totals.files;
    restored.bytes = run.totals.bytes;
  }
  if (index.damaged) restored.complete = false;
  restored.damage = std::move(damage);
  restored.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  return restored;
}

std::string_view name_of(Overwrite overwrite) noexcept {
  switch (overwrite) {
    case Overwrite::always:
      return "always";
    case Overwrite::if_newer:
      return "if-newer";
    case Overwrite::never:
      return "never";
  }
  return "always";
}

std::optional<Overwrite> overwrite_from(std::string_view word) noexcept {
  for (const Overwrite overwrite : {Overwrite::always, Overwrite::if_newer, Overwrite::never}) {
    if (name_of(overwrite) == word) return overwrite;
  }
  return std::nullopt;
}

}  // namespace wobackup
