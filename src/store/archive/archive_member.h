// A member on its way into an archive, and where it is told about.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "container/content.h"
#include "container/frame_buffer.h"
#include "container/manifest.h"
#include "crypto/stream_hash.h"
#include "store/archive/manifest_spool.h"
#include "store/archive/snapshot_record.h"

namespace wobackup {

/// What to write, and then what became of it.
struct ArchiveMember {
  Entry entry;
  std::unique_ptr<Content> content;  ///< of a regular file; null for everything else
  std::string literal;               ///< a regular file's bytes when they are in memory already (vhost.json)
  bool late = false;                 ///< the manifest was told of its path before (ManifestSpool::add_late)

  bool keep_place = false;  ///< other members link to it: if unreadable, it is stored as zeros and flagged

  ContentProblem problem;  ///< set: the member is not in the tar
  std::optional<std::uint64_t> tar_offset;
  std::optional<Sha256Digest> sha256;
  std::vector<std::string> flags;
  std::string error;
  Json database;
};

/// What an archive's members share. Referred to by tasks; outlives them.
struct ArchiveContext {
  std::string top;
  ManifestSpool& manifest;  ///< used only in `placed`, which comes one at a time
  SnapshotRecord& record;
  StreamHash* beside = nullptr;  ///< the archive's own hash, computed beside those of its contents
};

/// Enters a member that has reached its place (or has a problem) into manifest and record.
void enter_member(ArchiveContext& context, ArchiveMember& member);

/// Appends the member's header to the frame.
void append_header(FrameBuffer& plain, const ArchiveContext& context, const Entry& entry);

}  // namespace wobackup
