// What is learnt about a snapshot while it is written.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "wobackup/snapshot.h"

namespace wobackup {

/// Counters and notes of one run. Every function may be called from any thread.
class SnapshotRecord {
 public:
  static constexpr std::size_t kNotesKept = 1000;

  /// Something worth telling that does not make the snapshot incomplete.
  void note(std::string_view path, std::string what) { keep(notes_, notes_count, path, std::move(what)); }
  /// Something that could not be read: the snapshot is incomplete.
  void unreadable(std::string_view path, std::string what) {
    keep(unreadable_, unreadable_count, path, std::move(what));
  }
  [[nodiscard]] std::vector<PathNote> notes() const { return copy_of(notes_); }
  [[nodiscard]] std::vector<PathNote> unreadable_paths() const { return copy_of(unreadable_); }

  std::atomic<std::uint64_t> notes_count{0};
  std::atomic<std::uint64_t> unreadable_count{0};
  std::atomic<std::uint64_t> entries{0};
  std::atomic<std::uint64_t> files{0};
  std::atomic<std::uint64_t> file_bytes{0};           ///< logical
  std::atomic<std::uint64_t> bytes_read{0};           ///< for the progress: stored bytes of files
  std::atomic<std::uint64_t> dump_bytes{0};           ///< of dumps so far
  std::atomic<std::uint64_t> dump_bytes_expected{0};  ///< a guess made before the dump

 private:
  void keep(std::vector<PathNote>& list, std::atomic<std::uint64_t>& count, std::string_view path, std::string what) {
    ++count;
    const std::scoped_lock lock(mutex_);
    if (list.size() < kNotesKept) list.push_back({std::string(path), std::move(what)});
  }
  [[nodiscard]] std::vector<PathNote> copy_of(const std::vector<PathNote>& list) const {
    const std::scoped_lock lock(mutex_);
    return list;
  }

  mutable std::mutex mutex_;
  std::vector<PathNote> notes_;
  std::vector<PathNote> unreadable_;
};

}  // namespace wobackup
