#include "snapshot/restore_salvage.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "base/text.h"
#include "store/archive/archive_metadata.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kMostHeldBytes = std::uint64_t{48} << 20U;

class Counted final : public FileReceiver {
 public:
  Counted(std::uint64_t size_bytes, std::uint64_t& bytes) : size_bytes_(size_bytes), bytes_(bytes) {}
  void write(std::uint64_t, ByteSpan) override {}
  void finish() override { bytes_ += size_bytes_; }

 private:
  std::uint64_t size_bytes_;
  std::uint64_t& bytes_;
};

// Writes members as they come, in one thread, and keeps folders for the end: what is written into them changes their
// times, and their modes may not allow it.
class SalvageSink final : public MemberSink {
 public:
  SalvageSink(FolderWriter* writer, SnapshotRecord& record, std::uint64_t& bytes)
      : writer_(writer), record_(record), bytes_(bytes) {}

  std::unique_ptr<FileReceiver> file(const Entry& entry, bool proven) override {
    if (writer_ == nullptr) return std::make_unique<Counted>(entry.size, bytes_);
    std::unique_ptr<FileReceiver> receiver;
    place(entry, [&] { receiver = writer_->file(entry, proven); });
    return receiver;
  }

  void other(const Entry& entry) override {
    if (writer_ == nullptr) return;
    place(entry, [&] {
      if (entry.type == EntryType::hardlink) return writer_->link(entry);
      writer_->other(entry);
    });
    if (entry.type == EntryType::directory) hold(entry, true);
  }

  /// A folder that is not wanted itself: it may have to be made for what is.
  void above(const Entry& entry) {
    if (writer_ != nullptr) hold(entry, false);
  }

  void settle() {
    for (const auto& [entry, wanted] : folders_) {
      if (wanted || writer_->made(entry.path)) place(entry, [&, &folder = entry] { writer_->settle(folder); });
    }
    if (not_held_ > 0) record_.note({}, fmt::format("{} folders were left without their modes and times", not_held_));
  }

 private:
  // Something else where a member belongs ends a restore, but not a salvage.
  template <class Action>
  void place(const Entry& entry, const Action& action) {
    try {
      action();
    } catch (const InTheWay& error) {
      record_.unreadable(entry.path, error.message());
    }
  }

  void hold(const Entry& entry, bool wanted) {
    held_bytes_ += sizeof(Entry) + entry.path.size();
    if (held_bytes_ > kMostHeldBytes) {
      ++not_held_;
      return;
    }
    folders_.emplace_back(entry, wanted);
    folders_.back().first.xattrs.clear();  // the writer has them
  }

  FolderWriter* writer_;
  SnapshotRecord& record_;
  std::uint64_t& bytes_;
  std::vector<std::pair<Entry, bool>> folders_;
  std::uint64_t held_bytes_ = 0, not_held_ = 0;
};

bool has_usable_manifest(const ContainerReader& container) {
  try {
    static_cast<void>(container.read_manifest_header());
    container.read_manifest_lines([](std::string_view) {});
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    return false;
  }
}

}  // namespace

ArchiveIndex open_index(const RandomAccess& file, bool salvage, const Cancellation& cancellation) {
  ArchiveIndex index;
  try {
    index.container = ContainerReader::open(file);
    if (!index.container) require_foreign(file);  // one of ours that lost its end is told apart
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification || !salvage || !can_be_salvaged(file, cancellation)) throw;
    index.damaged = true;
    return index;
  }
  if (!salvage) return index;
  index.damaged = index.container ? !has_usable_manifest(*index.container) : can_be_salvaged(file, cancellation);
  return index;
}

std::string told(const SalvageSummary& summary) {
  std::string text = fmt::format("{} of its {} could be read", human_size(summary.file_bytes - summary.lost_bytes),
                                 human_size(summary.file_bytes));
  if (summary.gave_up) text += ", the rest is no archive";
  if (!summary.list_found) {
    text += "; the list of what was in it is lost, so what else is missing is not known";
  } else if (!summary.list_whole) {
    text += "; the list of what was in it is damaged, so something else may be missing";
  }
  return text;
}

std::string restore_what_is_left(const RandomAccess& file, const ArchiveIndex& index, Selection& selection,
                                 FolderWriter* writer, SnapshotRecord& record, ReadingCounters& counters,
                                 std::uint64_t& bytes, const Cancellation& cancellation) {
  SalvageSink sink(writer, record, bytes);
  SalvageOptions options;
  options.wanted = [&](const ManifestEntry& listed) {
    const bool wanted = selection.has(listed);
    if (!wanted && listed.entry.type == EntryType::directory) sink.above(listed.entry);
    return wanted;
  };
  options.on_lost = [&](const std::string& path, const std::string& why) { record.unreadable(path, why); };
  options.on_note = [&](const std::string& path, const std::string& what) { record.note(path, what); };
  const ContainerReader* const container = index.container ? &*index.container : nullptr;
  const SalvageSummary summary = salvage_members(file, container, sink, options, counters, cancellation);
  if (writer != nullptr) sink.settle();
  if (const auto unmet = selection.unmet())
    record.unreadable(*unmet, "nothing that is left of the backup is called so");
  if (summary.uncompared_files > 0) {
    record.note({}, fmt::format("restored without comparing hashes, by the checksums of their frames: {} files",
                                summary.uncompared_files));
  }
  const char* what = container != nullptr ? "its manifest is damaged" : "its end is missing or damaged";
  return fmt::format("{}; {}", what, told(summary));
}

}  // namespace wobackup
