// Small archives of this program's writer.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "base/file_io.h"
#include "fakes/scratch_folder.h"
#include "store/archive/archive_writer.h"

namespace wobackup::test {

constexpr const char* kMadeName = "2025-01-20_14-25-30";

class MemoryOutput final : public ByteOutput {
 public:
  void write(ByteSpan bytes) override { written.insert(written.end(), bytes.begin(), bytes.end()); }
  ByteVector written;
};

/// What to put into an archive.
struct Making {
  std::string vhost = R"({"sitename":"example.com","backup_type":"full","backup_reason":"test"})";
  std::vector<std::pair<std::string, std::string>> files{{"htdocs/index.php", "<?php"}};  ///< sorted by path
  std::vector<std::string> unreadable{};                                                  ///< paths noted as such
};

inline ArchiveMember literal_file(const std::string& path, const std::string& content) {
  ArchiveMember member;
  member.entry.path = path;
  member.entry.size = content.size();
  member.literal = content;
  return member;
}

/// What lies in memory, read as a file is.
class MemoryContent final : public Content {
 public:
  explicit MemoryContent(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] ContentProblem open(Entry& entry) override {
    entry.size = bytes_.size();
    return {};
  }
  [[nodiscard]] ContentProblem read(std::uint64_t offset, MutableByteSpan buffer, std::size_t& count) const override {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), bytes_.size() - offset));
    std::copy_n(bytes_of(bytes_).begin() + static_cast<std::ptrdiff_t>(offset), count, buffer.begin());
    return {};
  }
  [[nodiscard]] Stability stability() const override { return Stability::same; }
  void close() noexcept override {}

 private:
  std::string bytes_;
};

inline ArchiveMember content_file(const std::string& path, const std::string& content) {
  ArchiveMember member;
  member.entry.path = path;
  member.entry.size = content.size();
  member.content = std::make_unique<MemoryContent>(content);
  return member;
}

/// A container, as the writer makes it. What is longer than a frame is cut.
inline ByteVector made_archive(const Making& making = {}) {
  const ScratchFolder folder;
  const UniqueFd directory(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Cancellation cancellation;
  MemoryOutput output;
  SnapshotRecord record;
  for (const std::string& path : making.unreadable) record.unreadable(path, "Permission denied");
  FramePool pool(1, 3, cancellation);
  ArchiveWriter writer(output, pool, 1, kMadeName, unnamed_file(directory.get(), "scratch"), {"vhost.json"}, record);
  writer.begin({1737383130, 0}, making.vhost);
  for (const auto& [path, content] : making.files) {
    const bool large = content.size() > (std::size_t{4} << 20U);
    writer.add(large ? content_file(path, content) : literal_file(path, content));
  }
  ManifestHeader header;
  header.tool_version = "0.0.0";
  header.site = "example.com";
  header.name = kMadeName;
  header.created = "2025-01-20T14:25:30+00:00";
  header.has_files = true;
  writer.finish(header);
  return output.written;
}

}  // namespace wobackup::test
