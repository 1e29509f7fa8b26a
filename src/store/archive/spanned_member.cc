#include "store/archive/spanned_member.h"

#include <algorithm>

#include "container/tar_encode.h"
#include "store/archive/member_check.h"
#include "wobackup/error.h"

namespace wobackup {

SpannedMember::SpannedMember(ManifestEntry listed, TarExtent extent)
    : listed_(std::move(listed)), extent_(extent), next_(extent.begin) {}

void SpannedMember::begin(ByteSpan part, std::string_view top, MemberSink& sink) {
  std::optional<TarMember> member = decode_tar_member(part);
  if (!member) member_damaged(listed_.entry.path, "there is nothing where it should be");
  agree_below_top(*member, listed_, top);
  const std::uint64_t data_begin = extent_.begin + member->header_bytes;
  const std::uint64_t room = extent_.end - data_begin;
  if (member->entry.type != EntryType::file || member->data_bytes > room ||
      member->data_bytes + padding_to_block(member->data_bytes) != room) {
    member_damaged(listed_.entry.path, "its length in the tar is not what the manifest says");
  }
  if (!listed_.sha256) member_damaged(listed_.entry.path, "the manifest has no hash of it");
  std::optional<StoredFile> layout(std::in_place, *member,
                                   part.subspan(member->header_bytes)
                                       .first(std::min<std::size_t>(part.size() - member->header_bytes,
                                                                    static_cast<std::size_t>(member->data_bytes))));
  std::unique_ptr<FileReceiver> receiver = sink.file(member->entry, false);
  const std::scoped_lock lock(mutex_);
  data_begin_ = data_begin;
  data_end_ = data_begin + member->data_bytes;
  layout_ = std::move(layout);
  receiver_ = std::move(receiver);
  begun_ = true;
  changed_.notify_all();
}

bool SpannedMember::take(std::uint64_t tar_offset, ByteSpan part, std::string_view top, MemberSink& sink) {
  if (tar_offset == extent_.begin) {
    begin(part, top, sink);
  } else {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return begun_ || failed_; });
    if (failed_) return false;
  }
  const std::uint64_t from = std::clamp(data_begin_, tar_offset, tar_offset + part.size());
  const std::uint64_t to = std::clamp(data_end_, from, tar_offset + part.size());
  const ByteSpan data = part.subspan(static_cast<std::size_t>(from - tar_offset), static_cast<std::size_t>(to - from));
  if (receiver_) layout_->deliver(*receiver_, from - data_begin_, data);
  return hash_in_turn(tar_offset, part, data);
}

bool SpannedMember::hash_in_turn(std::uint64_t tar_offset, ByteSpan part, ByteSpan data) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failed_ || next_ == tar_offset; });
    if (failed_) return false;
  }
  // Only the part whose turn it is gets here, so the hash itself needs no lock.
  hash_.update(data);
  const std::uint64_t end = tar_offset + part.size();
  if (end == extent_.end) finish();
  const std::scoped_lock lock(mutex_);
  next_ = end;
  changed_.notify_all();
  return end == extent_.end;
}

void SpannedMember::finish() {
  if (hash_.finish() != listed_.sha256) member_damaged(listed_.entry.path, "its content does not have its sha256");
  if (receiver_) receiver_->finish();
}

bool SpannedMember::fail() {
  const std::scoped_lock lock(mutex_);
  changed_.notify_all();
  return !std::exchange(failed_, true);
}

}  // namespace wobackup
