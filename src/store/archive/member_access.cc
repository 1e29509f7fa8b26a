#include "store/archive/member_access.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"
#include "store/archive/foreign_archive.h"
#include "store/archive/stored_member.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kFramesKept = 4;

void write_at(int fd, std::uint64_t offset, ByteSpan bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw system_error(fmt::format("cannot copy {}", name), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

// The first segment that ends behind the offset.
std::vector<SparseSegment>::const_iterator first_behind(const std::vector<SparseSegment>& segments,
                                                        std::uint64_t offset) {
  return std::upper_bound(segments.begin(), segments.end(), offset, [](std::uint64_t value, const SparseSegment& each) {
    return value < each.offset + each.length;
  });
}

}  // namespace

MemberAccess::MemberAccess(const ArchiveReader& archive, const std::string& path, UniqueFd spool)
    : MemberAccess(archive, archive.file_entry(path), std::move(spool)) {}

MemberAccess::MemberAccess(const ArchiveReader& archive, const ManifestEntry& entry, UniqueFd spool)
    : container_(archive.container()), spool_(std::move(spool)) {
  const ManifestEntry file = archive.file_entry(entry);
  name_ = fmt::format("{} in {}", printable(file.entry.path), archive.file().name());
  size_bytes_ = file.entry.size;
  if (container_ == nullptr) {
    fill_spool(archive, file.entry.path);
    return;
  }
  const StoredMember member(*container_, file, archive.top());
  data_begin_ = member.data_begin();
  if (member.header().entry.sparse) {
    SparseMap map = member.sparse_map();
    data_begin_ += map.map_bytes;
    segments_ = std::move(map.segments);
  } else if (size_bytes_ > 0) {
    segments_.push_back({0, size_bytes_});
  }
  std::uint64_t start = 0;
  for (const SparseSegment& segment : segments_) {
    starts_.push_back(start);
    start += segment.length;
  }
}

void MemberAccess::fill_spool(const ArchiveReader& archive, const std::string& path) {
  if (!spool_) throw Error(ErrorKind::failed, fmt::format("{}: no room was given to unpack it", name_));
  ForeignArchive foreign(archive.file());
  while (foreign.next()) {
    if (!foreign.is_file() || foreign.entry(archive.top()).entry.path != path) continue;
    foreign.read([&](std::uint64_t offset, ByteSpan bytes) { spool(offset, bytes); });
    if (::ftruncate(spool_.get(), static_cast<off_t>(size_bytes_)) != 0) {
      throw system_error(fmt::format("cannot copy {}", name_), errno);
    }
    return;
  }
  throw Error(ErrorKind::not_found, fmt::format("{} is not there any more", name_));
}

void MemberAccess::spool(std::uint64_t offset, ByteSpan bytes) {
  const bool follows = !enciphered_.empty() && enciphered_.back().offset + enciphered_.back().length == offset;
  if (!follows) {
    // One key enciphers no place twice.
    if (!enciphered_.empty() && offset < enciphered_.back().offset + enciphered_.back().length) {
      throw Error(ErrorKind::verification, fmt::format("{}: its parts are not in order", name_));
    }
    enciphered_.push_back({offset, 0});
  }
  enciphered_.back().length += bytes.size();
  ByteVector hidden(bytes.begin(), bytes.end());
  cipher_.apply(offset, hidden);
  write_at(spool_.get(), offset, hidden, name_);
}

// What lies between is a hole: zeros that nobody has enciphered.
void MemberAccess::decipher(std::uint64_t offset, MutableByteSpan bytes) const {
  const std::uint64_t end = offset + bytes.size();
  auto segment = first_behind(enciphered_, offset);
  for (; segment != enciphered_.end() && segment->offset < end; ++segment) {
    const std::uint64_t from = std::max(offset, segment->offset);
    const std::uint64_t to = std::min(end, segment->offset + segment->length);
    cipher_.apply(from, bytes.subspan(static_cast<std::size_t>(from - offset), static_cast<std::size_t>(to - from)));
  }
}

std::size_t MemberAccess::read(std::uint64_t offset, MutableByteSpan buffer) const {
  if (offset >= size_bytes_) return 0;
  buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size_bytes_ - offset)));
  if (container_ == nullptr) {
    const std::size_t size = pread_up_to(spool_.get(), buffer, offset, name_);
    decipher(offset, buffer.first(size));
    return size;
  }
  std::fill(buffer.begin(), buffer.end(), std::byte{0});
  const std::uint64_t end = offset + buffer.size();
  // All that begin before the end.
  auto segment = first_behind(segments_, offset);
  for (; segment != segments_.end() && segment->offset < end; ++segment) {
    const std::uint64_t from = std::max(offset, segment->offset);
    const std::uint64_t to = std::min(end, segment->offset + segment->length);
    const std::uint64_t start = starts_[static_cast<std::size_t>(segment - segments_.begin())];
    read_tar(data_begin_ + start + (from - segment->offset),
             buffer.subspan(static_cast<std::size_t>(from - offset), static_cast<std::size_t>(to - from)));
  }
  return buffer.size();
}

void MemberAccess::read_tar(std::uint64_t tar_offset, MutableByteSpan buffer) const {
  while (!buffer.empty()) {
    const std::size_t index = container_->frame_at(tar_offset);
    const Frame plain = frame(index);
    const auto from = static_cast<std::size_t>(tar_offset - container_->frames()[index].plain_offset);
    const std::size_t size = std::min(plain->size() - from, buffer.size());
    std::copy_n(plain->begin() + static_cast<std::ptrdiff_t>(from), size, buffer.begin());
    buffer = buffer.subspan(size);
    tar_offset += size;
  }
}

// Decoded outside of the lock, so that threads do not wait for each other's frames.
MemberAccess::Frame MemberAccess::frame(std::size_t index) const {
  {
    const std::scoped_lock lock(mutex_);
    const auto place =
        std::find_if(frames_.begin(), frames_.end(), [index](const auto& kept) { return kept.first == index; });
    if (place != frames_.end()) {
      frames_.splice(frames_.begin(), frames_, place);
      return frames_.front().second;
    }
  }
  auto plain = std::make_shared<const ByteVector>(container_->read_frame(index));
  const std::scoped_lock lock(mutex_);
  frames_.emplace_front(index, plain);
  if (frames_.size() > kFramesKept) frames_.pop_back();
  return plain;
}

}  // namespace wobackup
