#include "backend/read_ahead.h"

#include <algorithm>
#include <utility>

namespace wobackup {

ReadAhead::SharedPiece ReadAhead::kept_piece(std::uint64_t offset, std::size_t size) const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(pieces_.begin(), pieces_.end(), [&](const SharedPiece& piece) {
    return piece->offset <= offset && offset + size <= piece->offset + piece->bytes.size();
  });
  if (found == pieces_.end()) return nullptr;
  pieces_.splice(pieces_.begin(), pieces_, found);
  return pieces_.front();
}

void ReadAhead::keep(SharedPiece piece) const {
  const std::scoped_lock lock(mutex_);
  pieces_.push_front(std::move(piece));
  if (pieces_.size() > kKept) pieces_.pop_back();
}

std::size_t ReadAhead::read(std::uint64_t offset, MutableByteSpan buffer) const {
  const std::uint64_t end = source_->size();
  if (offset >= end || buffer.empty()) return 0;
  const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - offset));
  if (size >= kReadBytes) return source_->read(offset, buffer.first(size));

  SharedPiece piece = kept_piece(offset, size);
  if (!piece) {
    // What is read at the end is read backwards: the last piece of an archive comes first.
    auto read = std::make_shared<Piece>();
    const std::size_t piece_size = static_cast<std::size_t>(std::min<std::uint64_t>(kReadBytes, end));
    read->offset = std::min(offset, end - piece_size);
    read->bytes.resize(piece_size);
    read->bytes.resize(source_->read(read->offset, read->bytes));
    piece = std::move(read);
    keep(piece);
  }
  const std::size_t from = static_cast<std::size_t>(offset - piece->offset);
  if (from >= piece->bytes.size()) return 0;
  const std::size_t count = std::min(size, piece->bytes.size() - from);
  std::copy_n(piece->bytes.begin() + static_cast<std::ptrdiff_t>(from), count, buffer.begin());
  return count;
}

std::unique_ptr<RandomAccess> open_with_read_ahead(ObjectReader& reader, const std::string& key) {
  return std::make_unique<ReadAhead>(reader.open(key, {.tail_bytes = ReadAhead::kReadBytes}));
}

}  // namespace wobackup
