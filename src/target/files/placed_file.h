// One regular file on its way to its place.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "container/entry.h"
#include "container/member_sink.h"

namespace wobackup {

/// Where a file goes, and what happens to one that is there.
struct FilePlace {
  std::shared_ptr<const UniqueFd> folder;
  std::string name;
  bool replace = false;  ///< something has the name, and it may be replaced: in one step, by a rename
};

/// Has its name only when it is complete, unless `proven` and nothing has the name: then it is written in its place, as
/// its bytes come at once.
class PlacedFile final : public FileReceiver {
 public:
  /// `settle` puts owner, mode, time and attributes on it when its bytes are there. Throws Error failed or no_space;
  /// and EEXIST is answered by another place (see FolderWriter).
  /// `take_room` is asked before each write, and throws no_space if so many bytes must not be written.
  PlacedFile(FilePlace place, const Entry& entry, bool proven, std::function<void(int fd)> settle,
             std::function<void(std::uint64_t bytes)> take_room);
  ~PlacedFile() override;
  PlacedFile(const PlacedFile&) = delete;
  PlacedFile& operator=(const PlacedFile&) = delete;

  /// False if the name was taken meanwhile (only without `replace`).
  [[nodiscard]] bool opened() const noexcept { return static_cast<bool>(fd_); }

  void write(std::uint64_t offset, ByteSpan bytes) override;
  void finish() override;

 private:
  [[noreturn]] void failed(const char* what, int error_number) const;
  void open_in_place();
  void open_unnamed();
  void publish_unnamed();
  void rename_into_place();

  const FilePlace place_;
  const std::string path_;  // for messages
  const std::uint64_t size_bytes_;
  const std::function<void(int fd)> settle_;
  const std::function<void(std::uint64_t bytes)> take_room_;
  UniqueFd fd_;
  std::string written_as_;  // the name it has so far; empty: none
  bool done_ = false;
};

}  // namespace wobackup
