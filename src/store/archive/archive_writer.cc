#include "store/archive/archive_writer.h"

#include <utility>

#include "container/tar_encode.h"
#include "store/archive/bundle_task.h"
#include "store/archive/large_file.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kBundleBytes = std::uint64_t{4} << 20U;
constexpr std::size_t kBundleMembers = 4096;   // bounds what is held for members without bytes
constexpr std::size_t kBundleHeld = 64;        // and the descriptors held by it
constexpr std::uint64_t kRecordBytes = 10240;  // tar pads its end to such a record
constexpr std::uint64_t kEndBytes = 1024;

// The member's estimated part of a frame: header blocks and content.
std::uint64_t frame_bytes(const ArchiveMember& member) {
  std::uint64_t bytes = 2048 + member.entry.path.size() * 2 + member.entry.link.size() * 2 + member.literal.size() +
                        member.entry.acl_access.size() + member.entry.acl_default.size();
  for (const Xattr& xattr : member.entry.xattrs) bytes += xattr.name.size() + xattr.value.size() + 32;
  return bytes + stored_size(member.entry);
}

// Bytes that are made elsewhere: a dump's header, the end of the tar.
class LiteralTask final : public FrameTask {
 public:
  explicit LiteralTask(ByteVector bytes) : bytes_(std::move(bytes)) {}
  void fill(FrameBuffer& plain) override { plain.append(bytes_); }
  void placed(const FramePlace&) override {}

 private:
  ByteVector bytes_;
};

}  // namespace

ArchiveWriter::ArchiveWriter(ByteOutput& output, FramePool& pool, unsigned threads, std::string top,
                             UniqueFd manifest_spool, std::vector<std::string> late_paths, SnapshotRecord& record,
                             StreamHash* beside, bool hidden)
    : pool_(pool),
      manifest_(std::move(manifest_spool), std::move(late_paths), hidden),
      context_{std::move(top), manifest_, record, beside},
      container_(output),
      stream_(pool, container_, threads + 2) {}

ArchiveWriter::~ArchiveWriter() = default;

void ArchiveWriter::begin(FileTime time, const std::string& vhost_json) {
  Entry top;
  top.type = EntryType::directory;
  top.mode = 0700;
  top.mtime = time;
  ByteVector header;
  append_tar_header(header, top, context_.top);
  ArchiveMember vhost;
  vhost.entry.path = "vhost.json";
  vhost.entry.mode = 0600;
  vhost.entry.mtime = time;
  vhost.entry.size = vhost_json.size();
  vhost.sha256 = sha256(bytes_of(vhost_json));
  vhost.tar_offset = header.size();
  vhost.late = true;
  append_tar_header(header, vhost.entry, context_.top);
  const ByteSpan json = bytes_of(vhost_json);
  header.insert(header.end(), json.begin(), json.end());
  header.resize(header.size() + padding_to_block(header.size()));
  stream_.submit(std::make_unique<LiteralTask>(std::move(header)));
  stream_.finish();
  enter_member(context_, vhost);
}

void ArchiveWriter::add(ArchiveMember member) {
  if (member.content && stored_size(member.entry) > kSliceBytes) {
    add_large(std::move(member));
    return;
  }
  const std::uint64_t bytes = frame_bytes(member);
  if (bundle_bytes_ > 0 &&
      (bundle_bytes_ + bytes > kBundleBytes || bundle_.size() >= kBundleMembers || bundle_held_ >= kBundleHeld)) {
    flush_bundle();
  }
  if (member.keep_place) ++bundle_held_;
  bundle_bytes_ += bytes;
  bundle_.push_back(std::move(member));
}

void ArchiveWriter::add_large(ArchiveMember member) {
  member.problem = member.content->open(member.entry);
  if (member.problem || stored_size(member.entry) <= kSliceBytes) {
    // Gone, or no longer large: it is told of in its place among the others.
    if (member.problem) member.content.reset();
    bundle_bytes_ += 2048 + (member.problem ? 0 : stored_size(member.entry));
    bundle_.push_back(std::move(member));
    flush_bundle();
    return;
  }
  flush_bundle();
  const auto file = std::make_shared<LargeFile>(context_, pool_, std::move(member));
  const std::uint64_t slices = file->slices();
  for (std::uint64_t i = 0; i < slices; ++i) stream_.submit(file->slice(i));
}

void ArchiveWriter::flush_bundle() {
  bundle_bytes_ = 0;
  bundle_held_ = 0;
  if (bundle_.empty()) return;
  stream_.submit(std::make_unique<BundleTask>(context_, std::exchange(bundle_, {})));
}

void ArchiveWriter::add_dump(Entry entry, DumpSpool& dump, Json database) {
  flush_bundle();
  entry.size = dump.size_bytes();
  ByteVector header;
  append_tar_header(header, entry, context_.top);
  const std::size_t header_bytes = header.size();
  stream_.submit(std::make_unique<LiteralTask>(std::move(header)));
  stream_.finish();
  ArchiveMember member;
  member.sha256 = dump.sha256();
  member.database = std::move(database);
  member.late = true;
  member.tar_offset = container_.plain_bytes() - header_bytes;
  member.entry = std::move(entry);
  dump.move_to(container_);
  enter_member(context_, member);
}

void ArchiveWriter::finish(ManifestHeader header) {
  flush_bundle();
  stream_.finish();
  const std::uint64_t end = container_.plain_bytes() + kEndBytes;
  const std::uint64_t padding = (kRecordBytes - end % kRecordBytes) % kRecordBytes;
  stream_.submit(std::make_unique<LiteralTask>(ByteVector(kEndBytes + padding)));
  stream_.finish();

  const SnapshotRecord& record = context_.record;
  header.tar_bytes = container_.plain_bytes();
  header.entries = record.entries;
  header.files = record.files;
  header.file_bytes = record.file_bytes;
  header.unreadable_count = record.unreadable_count;
  header.notes_count = record.notes_count;
  header.complete = header.unreadable_count == 0;
  const auto append_notes = [&header](const std::vector<PathNote>& notes, bool unreadable) {
    for (const PathNote& note : notes) {
      Json json;
      put_text(json, "path", note.path);
      json["what"] = note.what;
      json["unreadable"] = unreadable;
      header.notes.push_back(std::move(json));
    }
  };
  append_notes(record.unreadable_paths(), true);
  append_notes(record.notes(), false);
  const ManifestSpool::Payload payload = manifest_.finish(header);
  container_.finish(payload.bytes, payload.copy);
}

}  // namespace wobackup
