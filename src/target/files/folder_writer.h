// Restores members into a folder.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "container/member_sink.h"
#include "target/files/owner_ids.h"
#include "target/files/placed_file.h"
#include "target/files/target_folder.h"
#include "wobackup/restore.h"

namespace wobackup {

struct FolderOptions {
  Overwrite overwrite = Overwrite::always;
  bool numeric_owner = false;
  /// The archive is what this machine's backup made: set-ID bits and privileged attributes come back, too.
  bool trusted = false;
  /// Error no_space before the file system has less than this free.
  std::uint64_t min_free_bytes = 0;
  /// For `made`: only a part of the archive is restored.
  bool remember_made = false;
};

/// Writes files, folders, links and FIFOs as they were, never outside of the folder and never through a link. Device
/// nodes are left out. Threads may deliver members at once; `settle` and `link` come after all of them.
class FolderWriter final : public MemberSink {
 public:
  /// Told of what is worth knowing of one path: `missing` if it was not restored. Called from any thread.
  using Note = std::function<void(std::string_view path, std::string what, bool missing)>;

  /// `fd`: the target, which outlives the object.
  FolderWriter(int fd, FolderOptions options, Note note);

  [[nodiscard]] std::unique_ptr<FileReceiver> file(const Entry& entry, bool proven) override;
  /// Hard links wait for `link`.
  void other(const Entry& entry) override;

  /// A folder's owner, mode, time and attributes, which would stand in the way of what is written into it.
  void settle(const Entry& folder);
  /// A hard link to a file that was restored.
  void link(const Entry& entry);

  [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }  ///< there already, and kept
  [[nodiscard]] std::uint64_t links() const noexcept { return links_; }      ///< hard links seen
  [[nodiscard]] std::uint64_t files() const noexcept { return files_; }      ///< regular files written
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }      ///< logical bytes of them
  /// Whether this folder was missing and made for what lies in it (with `remember_made`).
  [[nodiscard]] bool made(const std::string& path) const { return folder_.made(path); }

 private:
  enum class Taken { free, replace, keep };
  [[nodiscard]] Taken look(const FilePlace& place, const Entry& entry);
  FilePlace place_of(const Entry& entry);
  void make_folder(const Entry& entry);
  void make_special(const Entry& entry);
  void put_special_metadata(int folder, const std::string& name, const Entry& entry);
  void put_metadata(int fd, const Entry& entry);
  [[nodiscard]] mode_t mode_of(const Entry& entry) const;
  void take_room(std::uint64_t bytes, const std::string& path);

  TargetFolder folder_;
  const FolderOptions options_;
  const Note note_;
  const bool privileged_;
  OwnerIds owners_;
  std::atomic<std::uint64_t> skipped_{0};
  std::atomic<std::uint64_t> links_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> files_{0};
  std::atomic<std::int64_t> room_{0};  // bytes that may be written before the next look at the file system
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> attributes_;  // of folders that have some
  std::uint64_t attribute_bytes_ = 0;
};

}  // namespace wobackup
