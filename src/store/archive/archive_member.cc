#include "store/archive/archive_member.h"

#include <algorithm>

#include "container/tar_encode.h"

namespace wobackup {
namespace {

// What the flags mean to a reader of the notes.
void note_flags(SnapshotRecord& record, const ArchiveMember& member) {
  const auto has = [&](std::string_view flag) {
    return std::find(member.flags.begin(), member.flags.end(), flag) != member.flags.end();
  };
  if (has("unreadable")) {
    record.unreadable(member.entry.path, member.error);
  } else if (has("changed")) {
    record.note(member.entry.path, "changed while it was read");
  } else if (has("grew")) {
    record.note(member.entry.path, "grew while it was read; its first part was stored");
  }
}

}  // namespace

void enter_member(ArchiveContext& context, ArchiveMember& member) {
  if (member.problem.kind == ContentProblem::Kind::vanished) {
    context.record.note(member.entry.path, member.problem.what);
    return;
  }
  ManifestEntry line;
  if (member.problem) {
    member.flags.emplace_back("unreadable");
    member.error = member.problem.what;
    member.tar_offset.reset();
    member.sha256.reset();
  }
  note_flags(context.record, member);
  if (!member.problem) {
    ++context.record.entries;
    if (member.entry.type == EntryType::file) {
      ++context.record.files;
      context.record.file_bytes += member.entry.size;
    }
  }
  line.entry = std::move(member.entry);
  line.sha256 = member.sha256;
  line.offset = member.tar_offset;
  line.flags = std::move(member.flags);
  line.error = std::move(member.error);
  line.database = std::move(member.database);
  if (member.late) {
    context.manifest.add_late(line);
  } else {
    context.manifest.add(line);
  }
}

void append_header(FrameBuffer& plain, const ArchiveContext& context, const Entry& entry) {
  ByteVector header;
  append_tar_header(header, entry, context.top);
  plain.append(header);
}

}  // namespace wobackup
