// A site's file as Content.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "container/content.h"
#include "source/files/owner_names.h"

namespace wobackup {

/// A folder that paths are opened below.
struct FileRoot {
  UniqueFd fd;
  std::string real_path;  ///< without symbolic links, when it was opened
};

/// Opens a regular file below a root without following links, when its turn comes, or keeps one open from the start.
class FileContent final : public Content {
 public:
  FileContent(std::shared_ptr<const FileRoot> root, std::string path, OwnerNames& names);

  /// Opens the file now and keeps it: later calls of `open` look at the same file. For the first name of a hard-linked
  /// file, which other members will refer to.
  [[nodiscard]] ContentProblem hold();

  [[nodiscard]] ContentProblem open(Entry& entry) override;
  [[nodiscard]] ContentProblem read(std::uint64_t offset, MutableByteSpan buffer, std::size_t& count) const override;
  [[nodiscard]] Stability stability() const override;
  void close() noexcept override;

 private:
  [[nodiscard]] ContentProblem open_file();

  std::shared_ptr<const FileRoot> root_;
  std::string path_;
  OwnerNames& names_;
  UniqueFd fd_;
  bool held_ = false;
  struct stat seen_ {};
};

/// The bytes of another open file under this entry's metadata: a database's consistent copy in place of its live file.
class CopiedContent final : public Content {
 public:
  /// `copy_fd` outlives the object.
  CopiedContent(int copy_fd, std::uint64_t size_bytes) : fd_(copy_fd), size_bytes_(size_bytes) {}

  [[nodiscard]] ContentProblem open(Entry& entry) override;
  [[nodiscard]] ContentProblem read(std::uint64_t offset, MutableByteSpan buffer, std::size_t& count) const override;
  [[nodiscard]] Stability stability() const override { return Stability::same; }
  void close() noexcept override {}

 private:
  int fd_;
  std::uint64_t size_bytes_;
};

}  // namespace wobackup
