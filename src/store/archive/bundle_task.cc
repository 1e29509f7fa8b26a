#include "store/archive/bundle_task.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "container/tar_encode.h"
#include "crypto/sha256_many.h"
#include "store/archive/stored_bytes.h"

namespace wobackup {
namespace {

constexpr int kTries = 3;

void pad_to_block(FrameBuffer& plain) { plain.append_zeros(padding_to_block(plain.size())); }

}  // namespace

BundleTask::BundleTask(ArchiveContext& context, std::vector<ArchiveMember> members)
    : context_(context), members_(std::move(members)) {}

void BundleTask::fill(FrameBuffer& plain) {
  for (ArchiveMember& member : members_) {
    if (member.problem) continue;
    member.tar_offset = plain.size();
    store(member, plain);
  }
  hash(plain.bytes());
}

// All at once, since several messages are hashed faster together than one after another.
void BundleTask::hash(ByteSpan plain) {
  std::vector<ByteSpan> messages;
  for (const ContentPlace& place : contents_) messages.push_back(plain.subspan(place.begin, place.size));
  std::vector<Sha256Digest> digests(messages.size());
  sha256_many(messages, digests, context_.beside);
  for (std::size_t i = 0; i < contents_.size(); ++i) contents_[i].member->sha256 = digests[i];
}

void BundleTask::store(ArchiveMember& member, FrameBuffer& plain) {
  if (member.entry.type != EntryType::file) {
    append_header(plain, context_, member.entry);
    return;
  }
  if (member.content) {
    store_bytes(member, plain);
    return;
  }
  append_header(plain, context_, member.entry);
  contents_.push_back({&member, plain.size(), member.literal.size()});
  plain.append(bytes_of(member.literal));
  pad_to_block(plain);
}

void BundleTask::store_bytes(ArchiveMember& member, FrameBuffer& plain) {
  const std::size_t start = plain.size();
  for (int attempt = 1; attempt <= kTries; ++attempt) {
    plain.shrink(start);
    if (read_once(member, plain, attempt == kTries)) break;
  }
  if (member.problem) plain.shrink(start);
  member.content.reset();
}

// Returns false if the file changed meanwhile and should be read again.
bool BundleTask::read_once(ArchiveMember& member, FrameBuffer& plain, bool last_try) {
  Content& content = *member.content;
  member.flags.clear();
  member.problem = content.open(member.entry);
  if (member.problem) return true;

  ByteVector header;
  append_tar_header(header, member.entry, context_.top);
  const std::size_t room = kLargestFrameBytes - std::min(kLargestFrameBytes, plain.size() + header.size() + 512);
  if (stored_size(member.entry) > room) {
    // Listed as a small file a moment ago. What fits is kept, as for any file that grows.
    if (member.entry.sparse || room == 0) {
      member.problem = {ContentProblem::Kind::unreadable, "it was replaced by a much larger file meanwhile"};
      return !last_try ? false : true;
    }
    member.entry.size = room;
    member.flags.emplace_back("grew");
    header.clear();
    append_tar_header(header, member.entry, context_.top);
  }
  plain.append(header);
  const StoredBytes stored(member.entry);
  const std::size_t begin = plain.size();
  const MutableByteSpan bytes = plain.grow(static_cast<std::size_t>(stored.size()));
  bool short_read = false;
  member.problem = stored.read(content, 0, bytes, short_read);
  if (member.problem && member.keep_place) {
    member.flags.emplace_back("unreadable");
    member.error = std::exchange(member.problem, {}).what;
  }
  if (member.problem) return true;
  const Stability stability = content.stability();
  content.close();
  const bool changed = member.error.empty() && (short_read || stability == Stability::changed);
  if (changed && !last_try) return false;
  if (changed) {
    member.flags.assign(1, "changed");
  } else if (stability == Stability::grew && member.flags.empty()) {
    member.flags.emplace_back("grew");
  }
  contents_.push_back({&member, begin, bytes.size()});
  pad_to_block(plain);
  context_.record.bytes_read += stored.size();
  return true;
}

void BundleTask::placed(const FramePlace& place) {
  for (ArchiveMember& member : members_) {
    if (member.tar_offset) *member.tar_offset += place.plain_offset;
    enter_member(context_, member);
  }
}

}  // namespace wobackup
