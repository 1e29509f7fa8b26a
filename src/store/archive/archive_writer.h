// Writes the members of a snapshot into a container: bundles, large files, dumps, the end of the tar, the manifest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "container/container_writer.h"
#include "container/frame_pool.h"
#include "store/archive/archive_member.h"
#include "store/archive/dump_spool.h"
#include "store/archive/manifest_spool.h"

namespace wobackup {

/// Members come in this order: `begin`, config files (late ones), the tree in order of path, dumps; then `finish`.
/// Used from one thread; the frames are made by the pool's.
class ArchiveWriter {
 public:
  /// `late_paths`: of all members that are not part of the sorted tree. `beside`: the output's own
  /// hash, if it wants company. `hidden`: the spool is enciphered, for an archive that is encrypted. Everything
  /// referred to outlives the writer.
  ArchiveWriter(ByteOutput& output, FramePool& pool, unsigned threads, std::string top, UniqueFd manifest_spool,
                std::vector<std::string> late_paths, SnapshotRecord& record, StreamHash* beside = nullptr,
                bool hidden = false);
  ~ArchiveWriter();

  /// The top folder and vhost.json, alone in the first frame.
  void begin(FileTime time, const std::string& vhost_json);
  /// Any member but a dump. Waits while the workers are busy.
  void add(ArchiveMember member);
  /// A finished dump as a regular file.
  void add_dump(Entry entry, DumpSpool& dump, Json database);
  /// Ends the tar and writes manifest, locator and seek table. Counts are filled in by the writer.
  void finish(ManifestHeader header);

  [[nodiscard]] std::uint64_t tar_bytes() const noexcept { return container_.plain_bytes(); }
  /// Once finished.
  [[nodiscard]] const Sha256Digest& manifest_sha256() const noexcept { return container_.manifest_sha256(); }

 private:
  void add_large(ArchiveMember member);
  void flush_bundle();

  FramePool& pool_;
  ManifestSpool manifest_;
  ArchiveContext context_;
  ContainerWriter container_;
  FrameStream stream_;
  std::vector<ArchiveMember> bundle_;
  std::uint64_t bundle_bytes_ = 0;
  std::size_t bundle_held_ = 0;  // members that hold their file open
};

}  // namespace wobackup
